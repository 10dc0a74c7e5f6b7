package session_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

func TestReadSecret(t *testing.T) {
	const most = 64<<10 - 1 // bytes, with what is trimmed
	long := strings.Repeat("x", most)
	const problem = "standard input: it must give one line, the secret"
	tests := []struct {
		name    string
		in      io.Reader
		want    string
		problem string
	}{
		{"a line", strings.NewReader("planted\n"), "planted", ""},
		{"no end of line", strings.NewReader("planted"), "planted", ""},
		{"as Windows ends lines", strings.NewReader("planted\r\n"), "planted", ""},
		{"blanks around it", strings.NewReader(" \tplanted \n\n"), "planted", ""},
		{"blanks in it", strings.NewReader("planted it\n"), "planted it", ""},
		{"byte by byte", iotest.OneByteReader(strings.NewReader("planted\n")), "planted", ""},
		{"the longest", strings.NewReader(long), long, ""},
		{"nothing", strings.NewReader(""), "", problem},
		{"blank", strings.NewReader(" \n\n"), "", problem},
		{"two lines", strings.NewReader("planted\nother\n"), "", problem},
		{"two lines of an old Mac", strings.NewReader("planted\rother"), "", problem},
		{"a zero byte", strings.NewReader("plan\x00ted"), "", problem},
		{"too long", strings.NewReader(long + "x"), "", problem},
		{"too long with the end of the line", strings.NewReader(long + "\n"), "", problem},
		{"a broken pipe", io.MultiReader(strings.NewReader("planted"), iotest.ErrReader(errOther)), "", "standard input: something else"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := session.ReadSecret("standard input", tt.in)
			if string(got) != tt.want {
				t.Errorf("got %d bytes, want %d", len(got), len(tt.want))
			}
			wantSecretError(t, err, tt.problem)
		})
	}
}

// A stream without end is not read to its end.
func TestReadSecretStops(t *testing.T) {
	in := &endless{}
	_, err := session.ReadSecret("standard input", in)
	wantSecretError(t, err, "standard input: it must give one line, the secret")
	if in.read > 64<<10 {
		t.Errorf("%d bytes were read", in.read)
	}
}

type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.read += len(p)
	return len(p), nil
}

// A failure reads as problem, shows nothing of a secret and counts as a wrong setting.
func wantSecretError(t *testing.T, err error, problem string) {
	t.Helper()
	switch {
	case problem == "":
		if err != nil {
			t.Errorf("got %v", err)
		}
	case err == nil || err.Error() != problem:
		t.Errorf("got %v, want %q", err, problem)
	case failure.Of(err) != failure.Usage:
		t.Errorf("kind %v, want that of a usage error", failure.Of(err))
	case strings.HasSuffix(problem, errOther.Error()) && !errors.Is(err, errOther):
		t.Errorf("%v has lost its cause", err)
	}
}
