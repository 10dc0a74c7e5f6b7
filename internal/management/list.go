package management

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

const (
	pageSize  = 100 // the most that Auth0 gives
	mostPages = 1000
)

// list reads all pages of a list. key names the list in an answer with totals, id the
// member that tells two entries apart: while pages are read the list may move, and an
// entry may come twice.
func (c *Client) list(ctx context.Context, path, key, id string, query url.Values) ([]object, error) {
	var all []object
	seen := map[string]bool{}
	query.Set("include_totals", "true")
	query.Set("per_page", strconv.Itoa(pageSize))
	for page := range mostPages {
		query.Set("page", strconv.Itoa(page))
		r := request{method: http.MethodGet, path: path, query: query}
		var answer map[string]json.RawMessage
		if err := c.call(ctx, r, &answer); err != nil {
			return nil, err
		}
		var entries []object
		var total int
		if json.Unmarshal(answer[key], &entries) != nil || json.Unmarshal(answer["total"], &total) != nil {
			return nil, &AnswerError{r.String(), http.StatusOK}
		}
		for _, entry := range entries {
			if name := text(entry, id); !seen[name] {
				seen[name] = true
				all = append(all, entry)
			}
		}
		if len(entries) == 0 || (page+1)*pageSize >= total {
			break
		}
	}
	return all, nil
}

func text(o object, name string) string {
	value, _ := o[name].(string)
	return value
}
