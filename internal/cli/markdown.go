package cli

import (
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/config"
)

// SettingsTable returns the table of settings in Markdown, for the README.
func SettingsTable() string {
	rows := [][]string{{"Setting", "Flag", "Variable", "Meaning"}, {"---", "---", "---", "---"}}
	for _, setting := range config.Settings() {
		flag := ""
		if setting.Flag != "" {
			flag = "`--" + setting.Flag + "`"
		}
		rows = append(rows, []string{"`" + string(setting.Name) + "`", flag, "`" + setting.Variable + "`", setting.Usage + defaultText(setting)})
	}
	return markdown(rows)
}

// ExitCodesTable returns the table of exit codes in Markdown, for the README.
func ExitCodesTable() string {
	rows := [][]string{{"Code", "Meaning"}, {"---", "---"}}
	for _, code := range exitCodes() {
		rows = append(rows, code[:])
	}
	return markdown(rows)
}

// RefusalsText returns a paragraph for each cause of AppSync's 401 that doctor knows,
// for the README.
func RefusalsText() string {
	var text strings.Builder
	for _, check := range checkup.Catalogue() {
		if check.Refusal {
			text.WriteString("\n" + wrapped("**"+check.ID+", "+check.Title+".** "+check.Meaning, readmeWidth) + "\n")
		}
	}
	return text.String() + "\n"
}

// readmeWidth is the width of a line of the README, in bytes.
const readmeWidth = 96

func markdown(rows [][]string) string {
	var text strings.Builder
	for _, row := range rows {
		text.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return text.String()
}
