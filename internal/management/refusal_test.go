package management_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestRefusalKeepsSecrets lets the API repeat what it was sent, also where its message is
// cut.
func TestRefusalKeepsSecrets(t *testing.T) {
	for _, padding := range []int{0, 500, 900, 960, 990, 2000} {
		tn := start(t, nil)
		token := string(tn.Token)
		tn.before = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, "/api/v2/") {
				return false
			}
			said := strings.Repeat("x", padding) + "got Authorization: " + r.Header.Get("Authorization") +
				` and grant_type=x&client_secret=planted-1&a=b and {"client_secret":"planted-2"}`
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]any{"statusCode": 400, "message": said, "errorCode": token})
			return true
		}
		_, err := tn.Plan(t.Context(), want())
		if err == nil {
			t.Fatal("it worked")
		}
		got := err.Error()
		_, payload, _ := strings.Cut(token, ".")
		if strings.Contains(got, payload[:8]) || strings.Contains(got, "planted-") {
			t.Errorf("after %d bytes it says %s", padding, got)
		}
		if padding == 0 && !strings.Contains(got, "[redacted]") {
			t.Errorf("nothing was taken out of %s", got)
		}
		if len(got) > 1200 {
			t.Errorf("it says %d bytes", len(got))
		}
	}
}
