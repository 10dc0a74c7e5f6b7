package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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
// cases to the job's summary, also when the log cannot be written. The error of a summary
// is a *FileError.
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
