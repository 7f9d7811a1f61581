package server

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// AdminPath is the path below which the admin API is. Everything there is refused
// by a problem document, whoever refuses it.
const AdminPath = "/admin/v1"

// Problem answers with a problem document (RFC 9457). Its code never changes its
// meaning; the detail is for people. What more there is does not replace these.
func Problem(c *gin.Context, status int, code, detail, requestID string, more map[string]any) {
	body := map[string]any{}
	maps.Copy(body, more)
	body["title"], body["status"], body["code"] = http.StatusText(status), status, code
	body["detail"], body["request_id"] = detail, requestID
	if status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "2")
	}
	document, err := json.Marshal(body)
	if err != nil {
		panic(err) // what there is more are strings, numbers, lists and instants
	}
	c.Abort()
	c.Data(status, "application/problem+json", document)
}

// refuseAdmin answers for the admin API where a request does not come to it, or
// has it panic.
func refuseAdmin(c *gin.Context, failure *oauth.Error) {
	status, code, detail := http.StatusInternalServerError, "internal", "the request could not be answered: the log says why, under this request_id"
	switch failure.Code {
	case oauth.TemporarilyUnavailable:
		status, code, detail = http.StatusServiceUnavailable, "unavailable", failure.Description
	case oauth.NotFound:
		status, code, detail = http.StatusNotFound, "not_found", failure.Description
	case oauth.MethodNotAllowed:
		status, code, detail = http.StatusMethodNotAllowed, "method_not_allowed", failure.Description
	}
	Problem(c, status, code, detail, of(c).id, nil)
}

// belowAdmin reports whether the path is one of the admin API's.
func belowAdmin(path string) bool {
	rest, ok := strings.CutPrefix(path, AdminPath)
	return ok && (rest == "" || rest[0] == '/')
}
