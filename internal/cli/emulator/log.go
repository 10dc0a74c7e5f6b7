package emulator

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

// requestLines returns a log of one readable line a request: time, method, path,
// operation or -, status (0: closed without an answer), duration.
func requestLines(w io.Writer) *slog.Logger {
	return slog.New(&lineHandler{w: w})
}

// lineHandler writes the values of a record without their names.
type lineHandler struct {
	mu sync.Mutex
	w  io.Writer
}

// Enabled implements slog.Handler. Below Info is what the HTTP server says of broken
// connections, which faults make by the dozen.
func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle implements slog.Handler.
func (h *lineHandler) Handle(_ context.Context, record slog.Record) error {
	words := []string{record.Time.Format("15:04:05.000")}
	record.Attrs(func(attr slog.Attr) bool {
		word := attr.Value.String()
		if attr.Value.Kind() == slog.KindDuration {
			word = fmt.Sprintf("%.1fms", float64(attr.Value.Duration())/float64(time.Millisecond))
		}
		if word == "" {
			word = "-"
		}
		words = append(words, word)
		return true
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, output.Line(strings.Join(words, " "))+"\n")
	return err
}

// WithAttrs implements slog.Handler; the emulator adds none.
func (h *lineHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements slog.Handler; the emulator has none.
func (h *lineHandler) WithGroup(string) slog.Handler { return h }
