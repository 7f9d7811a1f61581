package adminapi

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
)

// What the tests of this package see more than others.
var ReadQuery = readQuery

func ReadIfMatch(values []string) (int64, error) {
	r := &request{Context: &gin.Context{Request: &http.Request{Header: http.Header{"If-Match": values}}}}
	return r.version()
}

// ReadPage returns the size and the token of the page that a query asks for.
func ReadPage(query url.Values) (size int, token string) {
	q := (&request{query: query}).page()
	return q.Size, q.PageToken
}
