package appsync

import (
	"encoding/json"
	"net/http"
)

// ReadAnswer reads an answer that another than Client has received, such as one that
// was saved: its data, and a *ResponseError for whatever is not plain success.
func ReadAnswer(status int, header http.Header, body []byte) (json.RawMessage, error) {
	if header == nil {
		header = http.Header{}
	}
	var data json.RawMessage
	err := decode(&http.Response{StatusCode: status, Header: header}, body, &data)
	return data, err
}
