package appsync

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// filterErrorf says why a filter cannot be used.
func filterErrorf(format string, args ...any) error {
	return failure.Errorf(failure.Usage, "the filter is not usable: "+format, args...)
}

// ParseFilter makes one filter of sentences such as
//
//	city = Boston
//	name begins customer
//	name between 'a b' and c
//
// A customer passes if all of them are true. A sentence is a field of the
// schema, an operator and a value, which needs quotes when it holds a blank;
// within quotes a doubled quote stands for one. Texts are compared byte by byte,
// so case counts. No sentence gives no filter: nil.
func ParseFilter(sentences ...string) (*TableCustomerFilterInput, error) {
	if len(sentences) == 0 {
		return nil, nil
	}
	filter := &TableCustomerFilterInput{}
	for _, sentence := range sentences {
		if err := filter.add(sentence); err != nil {
			return nil, failure.Errorf(failure.Usage, "the filter %q is not usable: %w", Short(sentence), err)
		}
	}
	return filter, nil
}

// ParseFilterJSON reads a filter in the schema's own form,
// {"city":{"eq":"Boston"}}. A filter without a condition is nil.
func ParseFilterJSON(text string) (*TableCustomerFilterInput, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var filter *TableCustomerFilterInput
	if err := decoder.Decode(&filter); err != nil {
		return nil, filterErrorf("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, filterErrorf("something follows the JSON object")
	}
	// Empty conditions would make DynamoDB refuse the request.
	if sent, err := json.Marshal(filter); err != nil || bytes.Equal(sent, []byte("{}")) || filter == nil {
		return nil, err
	}
	given := map[string]*TableStringFilterInput{
		"id": (*TableStringFilterInput)(filter.Id), "name": filter.Name, "city": filter.City,
		"state": filter.State, "country": filter.Country,
	}
	for _, name := range filterFields() {
		if conditions := given[name]; conditions != nil && conditions.Between != nil && len(conditions.Between) != 2 {
			return nil, filterErrorf("%s.between needs two values", name)
		}
	}
	return filter, nil
}

func filterFields() []string { return []string{"id", "name", "city", "state", "country"} }

// conditions returns where those on a field stand; nil for an unknown field. Those
// on an id are of a type of their own, which differs in name only.
func (f *TableCustomerFilterInput) conditions(field string) *TableStringFilterInput {
	if field == "id" {
		f.Id = cmp.Or(f.Id, &TableIDFilterInput{})
		return (*TableStringFilterInput)(f.Id)
	}
	var place **TableStringFilterInput
	switch field {
	case "name":
		place = &f.Name
	case "city":
		place = &f.City
	case "state":
		place = &f.State
	case "country":
		place = &f.Country
	default:
		return nil
	}
	*place = cmp.Or(*place, &TableStringFilterInput{})
	return *place
}

// add takes in one sentence.
func (f *TableCustomerFilterInput) add(sentence string) error {
	words, err := filterWords(sentence)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return errors.New("it is empty; say it like: city = Boston")
	}
	conditions := f.conditions(words[0].text)
	if conditions == nil || words[0].quoted {
		return fmt.Errorf("there is no field %q; the fields are %s", Short(words[0].text), strings.Join(filterFields(), ", "))
	}
	operator, values := filterOperator(words[1:])
	if operator == "" {
		return fmt.Errorf("there is no operator after %s; the operators are %s", words[0].text, filterOperatorNames)
	}
	operands, err := filterOperands(operator, values)
	if err != nil {
		return err
	}
	if operator == "between" {
		if conditions.Between != nil {
			return repeated(words[0].text, operator)
		}
		conditions.Between = []*string{&operands[0], &operands[1]}
		return nil
	}
	slot := conditions.slot(operator)
	if *slot != nil {
		return repeated(words[0].text, operator)
	}
	*slot = &operands[0]
	return nil
}

// repeated is for an operator that comes again: the schema has one place for each on a
// field.
func repeated(field, operator string) error {
	return fmt.Errorf("%s on %s stands in another sentence already, and the API takes each operator once for a field", operator, field)
}

// slot returns where the value of an operator stands.
func (f *TableStringFilterInput) slot(operator string) **string {
	switch operator {
	case "eq":
		return &f.Eq
	case "ne":
		return &f.Ne
	case "lt":
		return &f.Lt
	case "le":
		return &f.Le
	case "gt":
		return &f.Gt
	case "ge":
		return &f.Ge
	case "contains":
		return &f.Contains
	case "notContains":
		return &f.NotContains
	default:
		return &f.BeginsWith
	}
}

// filterOperands checks what stands behind an operator.
func filterOperands(operator string, words []filterWord) ([]string, error) {
	var values []string
	for _, word := range words {
		values = append(values, word.text)
	}
	if operator == "between" {
		if len(words) != 3 || words[1].quoted || !strings.EqualFold(values[1], "and") {
			return nil, errors.New("between needs two values: between A and B")
		}
		return slices.Delete(values, 1, 2), nil
	}
	switch len(words) {
	case 0:
		return nil, errors.New("there is no value behind the operator; an empty one is ''")
	case 1:
		return values, nil
	default:
		return nil, fmt.Errorf("a value with blanks needs quotes: '%s'", Short(strings.Join(values, " ")))
	}
}

// A filterWord is a part of a sentence of the filter language.
type filterWord struct {
	text   string
	quoted bool
}

const (
	filterSigns         = "=!<>"
	filterOperatorNames = "=, !=, <, <=, >, >=, contains, not contains, begins, between A and B"
)

// filterWords splits a sentence at blanks, and around signs such as >= up to the
// first of them: a value may hold signs.
func filterWords(sentence string) ([]filterWord, error) {
	var words []filterWord
	signs := true // are still an operator
	for rest := strings.TrimLeftFunc(sentence, unicode.IsSpace); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		var word filterWord
		switch first := rest[0]; {
		case first == '\'' || first == '"':
			text, after, err := unquote(rest)
			if err != nil {
				return nil, err
			}
			if after != "" && !unicode.IsSpace(rune(after[0])) {
				return nil, errors.New("a blank is missing behind a closing quote")
			}
			word, rest = filterWord{text, true}, after
		case signs && strings.IndexByte(filterSigns, first) >= 0:
			after := strings.TrimLeft(rest, filterSigns)
			word, rest = filterWord{text: rest[:len(rest)-len(after)]}, after
			signs = false
		default:
			end := strings.IndexFunc(rest, func(c rune) bool {
				return unicode.IsSpace(c) || signs && strings.ContainsRune(filterSigns, c)
			})
			if end < 0 {
				end = len(rest)
			}
			word, rest = filterWord{text: rest[:end]}, rest[end:]
		}
		// Two words are a field and an operator: what follows is a value.
		if words = append(words, word); len(words) == 2 {
			signs = false
		}
	}
	return words, nil
}

// unquote reads a quoted text at the start of s and returns what follows it.
func unquote(s string) (text, after string, err error) {
	quote := s[:1]
	var value strings.Builder
	for s = s[1:]; ; {
		part, rest, found := strings.Cut(s, quote)
		if !found {
			return "", "", errors.New("a closing quote is missing")
		}
		value.WriteString(part)
		if !strings.HasPrefix(rest, quote) {
			return value.String(), rest, nil
		}
		value.WriteString(quote)
		s = rest[1:]
	}
}

// filterOperator reads an operator at the start of words and returns what follows
// it. The names of the schema are understood beside those of a sentence.
func filterOperator(words []filterWord) (operator string, values []filterWord) {
	said := func(names ...string) bool {
		if len(words) < len(names) {
			return false
		}
		for i, name := range names {
			if words[i].quoted || !strings.EqualFold(words[i].text, name) {
				return false
			}
		}
		return true
	}
	for _, form := range [][]string{ // the longer forms first
		{"notContains", "does", "not", "contain"}, {"notContains", "not", "contains"}, {"notContains", "notContains"},
		{"beginsWith", "begins", "with"}, {"beginsWith", "begins"}, {"beginsWith", "beginsWith"},
		{"contains", "contains"}, {"between", "between"},
		{"ne", "is", "not"}, {"ne", "!="}, {"ne", "<>"}, {"ne", "ne"},
		{"eq", "is"}, {"eq", "="}, {"eq", "=="}, {"eq", "eq"},
		{"le", "<="}, {"le", "le"}, {"lt", "<"}, {"lt", "lt"},
		{"ge", ">="}, {"ge", "ge"}, {"gt", ">"}, {"gt", "gt"},
	} {
		if said(form[1:]...) {
			return form[0], words[len(form)-1:]
		}
	}
	return "", nil
}
