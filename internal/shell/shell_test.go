package shell_test

import (
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/shell"
)

func TestWord(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "''"},
		{"https://id.example.com/a_b-c?d", "'https://id.example.com/a_b-c?d'"},
		{"https://id.example.com:8443/a_b-c", "https://id.example.com:8443/a_b-c"},
		{"--max-rate=50", "--max-rate=50"},
		{"two words", "'two words'"},
		{"it's", `'it'\''s'`},
		{"$HOME", "'$HOME'"},
		{"ü", "'ü'"},
	}
	for _, tt := range tests {
		if got := shell.Word(tt.text); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.text, got, tt.want)
		}
	}
}
