package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mostAnnotations is how many GitHub shows of a step: more are dropped in silence, and
// those of the whole job count too.
const mostAnnotations = 10

// GitHub is the step of GitHub Actions that the program runs in. The zero value is
// none, and does nothing.
type GitHub struct {
	// On is whether there is one: GITHUB_ACTIONS is "true".
	On bool
	// Log is what the runner reads commands from: the standard output or error of the
	// step. It must not lead into a file, which would then hold what Mask hides.
	Log io.Writer
	// Summary is the file GITHUB_STEP_SUMMARY; empty for no summary.
	Summary string
}

// Mask makes the runner replace secrets in the log of the job from now on; those of
// several lines line by line, since the log is searched so. Texts of blanks are no
// secrets: to mask one would spoil the log.
func (g GitHub) Mask(secrets ...string) error {
	if !g.On {
		return nil
	}
	var out bytes.Buffer
	for _, secret := range secrets {
		masked := secretLines(secret)
		if len(masked) == 0 {
			masked = []string{strings.TrimRight(secret, "\r\n")}
		}
		for _, line := range masked {
			if strings.TrimSpace(line) != "" {
				fmt.Fprintf(&out, "::add-mask::%s\n", escapeData(line))
			}
		}
	}
	_, err := g.Log.Write(out.Bytes())
	return err
}

// Write annotates what did not pass and what has a warning, and appends a table of all
// cases to the job's summary, also when the log cannot be written.
func (g GitHub) Write(r Report) error {
	if !g.On {
		return nil
	}
	err := r.Annotate(g.Log)
	if g.Summary != "" {
		err = errors.Join(err, r.AppendSummary(g.Summary))
	}
	return err
}

// Annotate writes at most ten workflow commands, one a line: errors first, then
// warnings. When there would be more, the last one says how many.
func (r Report) Annotate(w io.Writer) error {
	if err := r.made(); err != nil {
		return err
	}
	var commands, warnings []string
	for _, c := range r.run.Cases {
		switch {
		case c.Result == Failed || c.Result == Errored:
			commands = append(commands, annotation("error", r.label(c), c.Message))
		case c.Warning != "":
			warnings = append(warnings, annotation("warning", r.label(c), c.Warning))
		}
	}
	level := "warning"
	if len(commands) > mostAnnotations-1 {
		level = "error" // some of the rest may be
	}
	commands = append(commands, warnings...)
	if more := len(commands) - mostAnnotations + 1; more > 1 {
		commands = slices.Concat(commands[:mostAnnotations-1],
			[]string{annotation(level, r.run.Suite, fmt.Sprintf("and %d more", more))})
	}
	_, err := io.WriteString(w, strings.Join(commands, ""))
	return err
}

func annotation(level, title, message string) string {
	return fmt.Sprintf("::%s title=%s::%s\n", level, escapeProperty(title), escapeData(message))
}

// escapeData and escapeProperty write a command's text as actions/toolkit does.
func escapeData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func escapeProperty(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(text)
}

// largestSummary is what GitHub takes of a step's summary, in bytes: one byte more, and
// it drops all of it, also what others wrote.
const largestSummary = 1 << 20

const shortened = "\nThe summary is shortened: GitHub takes 1 MiB of a step.\n"

// AppendSummary adds the report to a job summary of GitHub Actions, as a table in
// Markdown. With what the file holds already it stays within the 1 MiB that GitHub
// takes, and says so when it leaves cases out, those that passed before others; when
// there is no room for that either, it adds nothing.
func (r Report) AppendSummary(path string) (err error) {
	if err := r.made(); err != nil {
		return fileError(path, err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fileError(path, err)
	}
	defer func() {
		if closeErr := file.Close(); err == nil && closeErr != nil {
			err = fileError(path, closeErr)
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return fileError(path, err)
	}
	lead := ""
	if size := info.Size(); size > 0 {
		// A table starts after an empty line, whatever is above it.
		last := make([]byte, 1)
		if _, err := file.ReadAt(last, size-1); err != nil {
			return fileError(path, err)
		}
		lead = "\n"
		if last[0] != '\n' {
			lead = "\n\n"
		}
	}
	text := r.summary(largestSummary - int(info.Size()) - len(lead))
	if text == "" {
		return nil
	}
	if _, err := file.WriteString(lead + text); err != nil {
		return fileError(path, err)
	}
	return nil
}

// summary returns the report in Markdown, in at most limit bytes; nothing when not even
// the head has room.
func (r Report) summary(limit int) string {
	head := fmt.Sprintf("### %s: %s\n\n| Result | Step | Time | Message |\n| --- | --- | ---: | --- |\n",
		markdown(r.run.Suite), r.Counts())
	type row struct {
		text string
		rank int
	}
	var rows []row
	length := len(head)
	for _, c := range r.run.Cases {
		text := r.row(c)
		length += len(text)
		rows = append(rows, row{text, rank(c)})
	}
	end := ""
	if length > limit {
		end = shortened
		slices.SortStableFunc(rows, func(a, b row) int { return a.rank - b.rank })
	}
	if len(head)+len(end) > limit {
		return ""
	}
	var out strings.Builder
	out.WriteString(head)
	for _, row := range rows {
		if out.Len()+len(row.text)+len(end) > limit {
			break
		}
		out.WriteString(row.text)
	}
	return out.String() + end
}

// rank orders cases by how much somebody wants to know of them.
func rank(c Case) int {
	switch {
	case c.Result == Failed || c.Result == Errored:
		return 0
	case c.Warning != "":
		return 1
	case c.Result == Skipped:
		return 2
	default:
		return 3
	}
}

func (r Report) row(c Case) string {
	result, message := string(c.Result), c.Message
	if c.Warning != "" {
		result, message = "warning", c.Warning
	}
	if c.Result == Failed || c.Result == Errored {
		result = "**" + result + "**"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n",
		result, markdown(r.label(c)), c.Elapsed.Round(time.Millisecond), markdown(message))
}

// markdown writes a text so that it stands for itself in GitHub's Markdown, in a cell of
// a table too: what could be markup, HTML, a link, a mention or a formula is written as
// a character reference, which is never markup (CommonMark 0.31, section 2.5).
func markdown(text string) string {
	var out strings.Builder
	for _, c := range text {
		if strings.ContainsRune("&<>|`*_[]~\\#@!:$\"'", c) {
			out.WriteString("&#" + strconv.Itoa(int(c)) + ";")
		} else {
			out.WriteRune(c)
		}
	}
	return out.String()
}
