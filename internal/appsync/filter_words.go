package appsync

import (
	"errors"
	"strings"
	"unicode"
)

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
