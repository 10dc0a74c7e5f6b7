package report

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// largestSummary is what GitHub takes of a step's summary, in bytes: one byte more, and
// it drops all of it, also what others wrote.
const largestSummary = 1 << 20

const shortened = "\nThe summary is shortened: GitHub takes 1 MiB of a step.\n"

// AppendSummary adds the report to a job summary of GitHub Actions, as a table in
// Markdown. With what the file holds already it stays within the 1 MiB that GitHub
// takes, and says so when it leaves cases out, those that passed before others; when
// there is no room for that either, it adds nothing. The error is a *FileError.
func (r Report) AppendSummary(path string) (err error) {
	if err := r.made(); err != nil {
		return &FileError{path, err}
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return &FileError{path, err}
	}
	defer func() {
		if closeErr := file.Close(); err == nil && closeErr != nil {
			err = &FileError{path, closeErr}
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return &FileError{path, err}
	}
	lead := ""
	if size := info.Size(); size > 0 {
		// A table starts after an empty line, whatever is above it.
		last := make([]byte, 1)
		if _, err := file.ReadAt(last, size-1); err != nil {
			return &FileError{path, err}
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
		return &FileError{path, err}
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
