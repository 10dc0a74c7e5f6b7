// What doctor cannot look at without settings that nobody asked for, since a token or an
// answer was given to it.

package cli

import (
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// lackingSettings are the checks that were skipped for want of a setting, by setting, in
// the order in which they came.
type lackingSettings struct {
	names  []string
	checks map[string][]doctor.ID
}

func (l *lackingSettings) add(finding doctor.Finding) {
	if finding.Lacks == "" {
		return
	}
	if l.checks == nil {
		l.checks = make(map[string][]doctor.ID)
	}
	if !slices.Contains(l.names, finding.Lacks) {
		l.names = append(l.names, finding.Lacks)
	}
	l.checks[finding.Lacks] = append(l.checks[finding.Lacks], finding.ID)
}

// lines say for each setting what it would allow.
func (l *lackingSettings) lines() []string {
	var lines []string
	for _, name := range l.names {
		setting := config.Describe(config.Name(name))
		label, article := setting.Label(), "a "
		if strings.ContainsRune("aeiou", rune(label[0])) {
			article = "an "
		}
		lines = append(lines, "not checked without "+article+label+" (--"+setting.Flag+"): "+strings.Join(runs(l.checks[name]), ", "))
	}
	return lines
}

// runs writes three and more checks in a row as the first and the last of them.
func runs(ids []doctor.ID) []string {
	order := make(map[doctor.ID]int)
	for i, check := range doctor.Catalogue() {
		order[check.ID] = i
	}
	var texts []string
	for start := 0; start < len(ids); {
		end := start
		for end+1 < len(ids) && order[ids[end+1]] == order[ids[end]]+1 && prefix(ids[end+1]) == prefix(ids[end]) {
			end++
		}
		if end-start >= 2 {
			texts = append(texts, string(ids[start]+" to "+ids[end]))
		} else {
			texts = append(texts, idList(ids[start:end+1], ", "))
		}
		start = end + 1
	}
	return texts
}

// prefix is the part of an ID that its category has: "AUTH".
func prefix(id doctor.ID) string {
	before, _, _ := strings.Cut(string(id), "-")
	return before
}
