// Lists of the Management API: by pages, whole or with some members only.

package auth0

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	managementPage     = 50 // entries, when nobody asks for another number
	managementPageMost = 100
)

// listed answers a request for a list of documents: an array, or with include_totals an
// object that holds it under name.
func listed(r *http.Request, name string, all []document) (int, any, error) {
	query := r.URL.Query()
	page, err := number(query, "page", 0, 0)
	if err != nil {
		return 0, nil, err
	}
	size, err := number(query, "per_page", managementPage, managementPageMost)
	if err != nil {
		return 0, nil, err
	}
	start := min(page*size, len(all))
	shown := []document{}
	for _, doc := range all[start:min(start+size, len(all))] {
		shown = append(shown, only(doc, query))
	}
	if query.Get("include_totals") != "true" {
		return http.StatusOK, shown, nil
	}
	return http.StatusOK, document{"total": len(all), "start": page * size, "limit": size, name: shown}, nil
}

func number(query url.Values, name string, otherwise, most int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < 0:
		return 0, refuseQuery("Invalid value", name)
	case most > 0 && n > most:
		return 0, refuseQuery(fmt.Sprintf("Value %d is greater than maximum %d", n, most), name)
	}
	return n, nil
}

func refuseQuery(problem, name string) error {
	return refuseManaged(http.StatusBadRequest, "invalid_query_string",
		fmt.Sprintf("Query validation error: '%s' on property %s.", problem, name))
}

// only returns the members of a document that fields and include_fields ask for.
func only(doc document, query url.Values) document {
	fields := strings.Split(query.Get("fields"), ",")
	if query.Get("fields") == "" {
		return doc
	}
	include := query.Get("include_fields") != "false"
	shown := document{}
	for name, value := range doc {
		if slices.Contains(fields, name) == include {
			shown[name] = value
		}
	}
	return shown
}

// flagged reports whether a document fits a filter such as is_global=false.
func flagged(query url.Values, filter string, value bool) bool {
	return query.Get(filter) == "" || query.Get(filter) == strconv.FormatBool(value)
}
