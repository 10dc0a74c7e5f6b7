package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

// Enum is the value of a flag that takes one of a few words. kind names them in the help.
func Enum[T ~string](target *T, kind string, words ...T) pflag.Value {
	return Parsed(target, kind, func(text string) (T, error) {
		for _, word := range words {
			if string(word) == text {
				return word, nil
			}
		}
		return "", errors.New("must be " + either(words))
	}, func(word T) string { return string(word) })
}

// either lists words: "csv or jsonl", "a, b or c".
func either[T ~string](words []T) string {
	var text strings.Builder
	for i, word := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			text.WriteString(" or ")
		default:
			text.WriteString(", ")
		}
		text.WriteString(string(word))
	}
	return text.String()
}

// Parsed is the value of a flag that parse reads and text writes.
func Parsed[T any](target *T, kind string, parse func(string) (T, error), text func(T) string) pflag.Value {
	return &parsed[T]{target, kind, parse, text}
}

type parsed[T any] struct {
	target *T
	kind   string
	parse  func(string) (T, error)
	text   func(T) string
}

// String implements pflag.Value.
func (p *parsed[T]) String() string {
	if p.target == nil { // pflag asks an empty value
		return ""
	}
	return p.text(*p.target)
}

// Set implements pflag.Value.
func (p *parsed[T]) Set(text string) error {
	value, err := p.parse(text)
	if err == nil {
		*p.target = value
	}
	return err
}

// Type implements pflag.Value.
func (p *parsed[T]) Type() string { return p.kind }

// PositiveDuration is the value of a flag that takes a time above nothing.
func PositiveDuration(target *time.Duration) pflag.Value {
	return Parsed(target, "duration", func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return 0, errors.New("must be a time such as 35s")
		}
		return d, nil
	}, time.Duration.String)
}

// Count is the value of a flag that takes a number from 0 to most.
func Count(target *int, most int) pflag.Value {
	return Parsed(target, "int", func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > most {
			return 0, fmt.Errorf("must be a number from 0 to %d", most)
		}
		return n, nil
	}, strconv.Itoa)
}

// Milliseconds is the value of a flag that takes a limit as AppSync has it.
func Milliseconds(target *int64) pflag.Value {
	return Parsed(target, "int", func(text string) (int64, error) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return 0, errors.New("must be a whole number of milliseconds, such as 3600000 for an hour")
		}
		return n, nil
	}, func(n int64) string { return strconv.FormatInt(n, 10) })
}

// Optional declares a flag that leaves target nil unless it is given; an empty value
// counts as given.
func Optional(set *pflag.FlagSet, target **string, name, usage string) {
	set.Func(name, usage, func(value string) error {
		*target = &value
		return nil
	})
}

// JQ is the value of --jq; target stays nil when the flag is not given.
func JQ(target **output.Query) pflag.Value {
	given := ""
	return Parsed(target, "expression", func(text string) (*output.Query, error) {
		given = text
		return output.ParseQuery(text)
	}, func(*output.Query) string { return given })
}
