// The pages of help about the checks of doctor and the steps of smoke, made from their
// own texts.

package cli

import (
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// helpWidth is the width of a line of help, in characters.
const helpWidth = 80

// namedCheck returns the check that arguments of help name, in any case.
func namedCheck(args []string) (doctor.Check, bool) {
	if len(args) != 1 {
		return doctor.Check{}, false
	}
	id := doctor.ID(strings.ToUpper(args[0]))
	if check, found := doctor.Find(id); found {
		return check, true
	}
	return smoke.Find(id)
}

// checkHelp is the page of one check.
func checkHelp(check doctor.Check) string {
	text := string(check.ID) + ": " + check.Title + "\n\n" + wrapped(check.Meaning, helpWidth) + "\n"
	if check.Refusal {
		text += "\nIt is one of the causes of AppSync's 401.\n"
	}
	if ids := check.Needs(); len(ids) > 0 {
		text += "\n" + wrapped("It is skipped unless "+listed(ids)+".", helpWidth) + "\n"
	}
	command := "appsyncctl doctor and smoke check it"
	if check.Category == smoke.Category {
		command = "It is a step of appsyncctl smoke"
	}
	return text + "\n" + command + ". For the whole list: appsyncctl help checks\n"
}

// listed says that checks hold: "SET-002 and NET-003 hold".
func listed(ids []doctor.ID) string {
	if len(ids) == 1 {
		return string(ids[0]) + " holds"
	}
	last := len(ids) - 1
	return doctor.JoinIDs(ids[:last], ", ") + " and " + string(ids[last]) + " hold"
}

func checksHelp() string {
	var text strings.Builder
	text.WriteString(`"appsyncctl doctor" makes these checks in this order; "appsyncctl smoke" makes them
and goes on with steps of its own. "appsyncctl help ID" explains what it means when
one does not hold, and what to do about it.`)
	category := doctor.Category("")
	for _, check := range slices.Concat(doctor.Catalogue(), smoke.Steps()) {
		if check.Category != category {
			category = check.Category
			text.WriteString("\n\n" + string(category))
		}
		text.WriteString("\n  " + string(check.ID) + strings.Repeat(" ", max(0, len(doctor.StoreReached)-len(check.ID))) + "  " + check.Title)
	}
	return text.String()
}

// wrapped breaks text into lines of at most width characters, at blanks.
func wrapped(text string, width int) string {
	var out strings.Builder
	length := 0
	for word := range strings.FieldsSeq(text) {
		letters := len([]rune(word))
		switch {
		case length == 0:
		case length+1+letters > width:
			out.WriteByte('\n')
			length = 0
		default:
			out.WriteByte(' ')
			length++
		}
		out.WriteString(word)
		length += letters
	}
	return out.String()
}
