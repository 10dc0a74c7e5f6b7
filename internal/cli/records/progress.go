package records

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// progressStyle is the value of --progress.
type progressStyle string

const (
	progressBar   progressStyle = "bar"
	progressLines progressStyle = "lines"
	progressJSON  progressStyle = "json"
	progressNone  progressStyle = "none"
)

// importProgress shows on standard error how far an import is.
type importProgress struct {
	err   io.Writer
	now   func() time.Time
	style progressStyle
	last  time.Time // of a line
	drawn bool      // a bar stands on the last line
}

// linesEvery is the time between two lines in a log.
const linesEvery = 5 * time.Second

func newImportProgress(world *app.App, style progressStyle) *importProgress {
	return &importProgress{err: world.Err, now: world.Now, style: style, last: world.Now()}
}

// orDefault returns the style that was asked for, else the one that fits: with -o json
// standard error is for one document.
func (s progressStyle) orDefault(world *app.App, format app.Format) progressStyle {
	switch {
	case s != "":
		return s
	case format.ForPrograms():
		return progressNone
	case world.Terminal:
		return progressBar
	default:
		return progressLines
	}
}

// progressView is a line of --progress json.
type progressView struct {
	bulk.Progress
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
	Left float64 `json:"left_s"`
}

// show is called a few times a second.
func (p *importProgress) show(progress bulk.Progress) {
	switch p.style {
	case progressBar:
		_, _ = fmt.Fprint(p.err, "\r\x1b[K"+bar(progress))
		p.drawn = true
	case progressLines, progressJSON:
		every := linesEvery
		if p.style == progressJSON {
			every = time.Second
		}
		if p.now().Sub(p.last) < every {
			return
		}
		p.last = p.now()
		if p.style == progressLines {
			_, _ = fmt.Fprintln(p.err, progressText(progress))
			return
		}
		line, err := json.Marshal(progressView{progress, output.Milliseconds(progress.P50), output.Milliseconds(progress.P99), progress.Left.Round(time.Second).Seconds()})
		if err == nil {
			_, _ = fmt.Fprintf(p.err, "%s\n", line)
		}
	}
}

// bar is a line for a terminal of 80 columns or more.
func bar(progress bulk.Progress) string {
	const width = 20
	full := 0
	if progress.Rows > 0 {
		full = width * (progress.Done + progress.Rejected + progress.Conflict) / progress.Rows
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "] " + progressText(progress)
}

func progressText(p bulk.Progress) string {
	text := fmt.Sprintf("%d/%d", p.Done, p.Rows)
	if aside := p.Rejected + p.Conflict; aside > 0 {
		text += fmt.Sprintf(", %d rejected", aside)
	}
	if p.Doubtful > 0 {
		text += fmt.Sprintf(", %d in doubt", p.Doubtful)
	}
	text += fmt.Sprintf(", %.0f rows/s, p50 %.0f p99 %.0f ms", p.Rate, output.Milliseconds(p.P50), output.Milliseconds(p.P99))
	if p.Left > 0 {
		text += ", " + output.Span(p.Left.Round(time.Second)) + " left"
	}
	return text
}

// notice shows a text above the bar.
func (p *importProgress) notice(text string) {
	if p.style == progressNone || p.style == progressJSON {
		return
	}
	p.end()
	_, _ = fmt.Fprintln(p.err, output.Line(text))
}

// end leaves the bar as it stands.
func (p *importProgress) end() {
	if p.drawn {
		_, _ = fmt.Fprintln(p.err)
		p.drawn = false
	}
}
