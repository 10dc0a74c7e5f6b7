// The pages for people: plain HTML that needs no script and loads nothing, so that it
// works in any browser and under a policy that forbids everything.

package auth0

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

var (
	//go:embed pages
	pageFiles embed.FS

	pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))
)

// messagePage is what pages/message.html shows.
type messagePage struct{ Title, Text string }

func showMessage(w http.ResponseWriter, status int, title, text string) {
	showPage(w, status, "message.html", messagePage{Title: title, Text: text})
}

// showPage renders a page; html/template escapes all that is put into it. No form-action
// is set, since browsers apply it to the redirect to the client too.
func showPage(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	// Not no-referrer, with which a browser sends "Origin: null" with the page's own form.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // the browser may have gone
}
