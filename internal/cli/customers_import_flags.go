package cli

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

// The values of the flags of import and export that need more than a text.

// fileFormat is the value of --format.
type fileFormat bulk.Format

// String implements pflag.Value.
func (f *fileFormat) String() string { return string(*f) }

// Set implements pflag.Value.
func (f *fileFormat) Set(text string) error {
	switch bulk.Format(text) {
	case bulk.CSV, bulk.JSONL:
		*f = fileFormat(text)
		return nil
	default:
		return errors.New("must be csv or jsonl")
	}
}

// Type implements pflag.Value.
func (f *fileFormat) Type() string { return "format" }

// columnMap is the value of --map.
type columnMap map[string]string

// String implements pflag.Value.
func (m *columnMap) String() string { return strings.Join(m.GetSlice(), ", ") }

// Set implements pflag.Value. The last = counts: a column may have one in its name.
func (m *columnMap) Set(text string) error {
	at := strings.LastIndex(text, "=")
	if at < 1 {
		return errors.New("must be COLUMN=FIELD, or COLUMN= to leave the column out")
	}
	if *m == nil {
		*m = make(columnMap)
	}
	(*m)[text[:at]] = text[at+1:]
	return nil
}

// Type implements pflag.Value.
func (m *columnMap) Type() string { return "COLUMN=FIELD" }

// GetSlice returns the flag's values as they could be given again.
func (m *columnMap) GetSlice() []string {
	var values []string
	for _, column := range slices.Sorted(maps.Keys(*m)) {
		values = append(values, column+"="+(*m)[column])
	}
	return values
}

// Append and Replace complete pflag.SliceValue.
func (m *columnMap) Append(text string) error { return m.Set(text) }

// Replace implements pflag.SliceValue.
func (m *columnMap) Replace(values []string) error {
	*m = nil
	for _, value := range values {
		if err := m.Set(value); err != nil {
			return err
		}
	}
	return nil
}

// shardFlag is the value of --shard.
type shardFlag bulk.Shard

// String implements pflag.Value.
func (f *shardFlag) String() string { return bulk.Shard(*f).String() }

// Set implements pflag.Value.
func (f *shardFlag) Set(text string) error {
	first, second, _ := strings.Cut(text, "/")
	index, err := strconv.Atoi(first)
	count, countErr := strconv.Atoi(second)
	if err != nil || countErr != nil || index < 1 || index > count {
		return errors.New("must be I/N with I from 1 to N, such as 2/8")
	}
	*f = shardFlag{Index: index, Count: count}
	return nil
}

// Type implements pflag.Value.
func (f *shardFlag) Type() string { return "I/N" }

// errorLimit is the value of --max-errors.
type errorLimit bulk.ErrorLimit

// String implements pflag.Value.
func (f *errorLimit) String() string { return bulk.ErrorLimit(*f).String() }

// Set implements pflag.Value.
func (f *errorLimit) Set(text string) error {
	limit, err := bulk.ParseErrorLimit(text)
	*f = errorLimit(limit)
	return err
}

// Type implements pflag.Value.
func (f *errorLimit) Type() string { return "N|N%" }
