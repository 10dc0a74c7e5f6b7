package cli

import (
	"strings"

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

func markdown(rows [][]string) string {
	var text strings.Builder
	for _, row := range rows {
		text.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return text.String()
}
