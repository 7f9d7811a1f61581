package adminapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// maxBody bounds a request's body in bytes.
const maxBody = 64 << 10

// Media types of requests.
const (
	typeJSON  = "application/json"
	typePatch = "application/merge-patch+json"
)

// request is one call of an authenticated actor.
type request struct {
	*gin.Context
	actor admin.Actor
	query url.Values
}

// ctx is the request's own context: gin's is used again for another request.
func (r *request) ctx() context.Context { return r.Request.Context() }

func (r *request) tenant() string { return r.Param("tenant") }
func (r *request) client() string { return r.Param("client") }

// body reads the request's JSON into v. Where it may be empty, nothing is read.
func (r *request) body(v any, mayBeEmpty bool, types ...string) error {
	data, err := io.ReadAll(http.MaxBytesReader(r.Writer, r.Request.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge()
	}
	if err != nil {
		return admin.Errorf(admin.CodeInvalid, "", "the body could not be read to its end")
	}
	if len(data) == 0 && mayBeEmpty {
		return nil
	}
	given, _, err := mime.ParseMediaType(r.GetHeader("Content-Type"))
	if err != nil || !slices.Contains(types, given) || len(r.Request.Header.Values("Content-Type")) > 1 {
		return errMediaType(strings.Join(types, " or "))
	}
	return admin.Decode(data, v)
}

// made reads what something new is made of.
func (r *request) made(v any) error { return r.body(v, false, typeJSON) }

// order reads what an order says, which may be nothing.
func (r *request) order(v any) error { return r.body(v, true, typeJSON) }

// patch reads a merge patch and the version that it is for.
func (r *request) patch() (admin.Patch, int64, error) {
	var p admin.Patch
	if err := r.body(&p, false, typePatch, typeJSON); err != nil {
		return nil, 0, err
	}
	version, err := r.version()
	return p, version, err
}

// never is a version that nothing has.
const never = -1

// version reads If-Match (RFC 9110 section 13.1.1): 0 where any version will
// do. Only a strong tag that we made can match.
func (r *request) version() (int64, error) {
	values := r.Request.Header.Values("If-Match")
	if len(values) == 0 {
		return 0, nil
	}
	tag := strings.TrimSpace(values[0])
	if len(values) > 1 || strings.Contains(tag, ",") {
		return 0, admin.Errorf(admin.CodeInvalid, "If-Match", "must be one entity tag or *")
	}
	if tag == "*" {
		return 0, nil
	}
	text, opened := strings.CutPrefix(tag, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	n, err := strconv.ParseInt(text, 10, 64)
	if !opened || !closed || err != nil || n < 1 || strconv.FormatInt(n, 10) != text {
		return never, nil
	}
	return n, nil
}

// readQuery reads the parameters of a query, each known and given once. An
// empty one counts as not given.
func readQuery(raw string, known []string) (url.Values, error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, admin.Errorf(admin.CodeInvalid, "", "the query is malformed")
	}
	for name, values := range query {
		switch {
		case !slices.Contains(known, name):
			return nil, admin.Errorf(admin.CodeInvalid, "", "the query has a parameter that is not known here, known are: %s", strings.Join(known, ", "))
		case len(values) > 1:
			return nil, admin.Errorf(admin.CodeInvalid, name, "is given twice")
		}
	}
	return query, nil
}

// page reads which page of a list is wanted.
func (r *request) page() admin.Query {
	q := admin.Query{PageToken: r.query.Get("page_token"), Prefix: r.query.Get("q")}
	size := r.query.Get("page_size")
	if size == "" {
		return q
	}
	n, err := strconv.Atoi(size)
	if err != nil || n < 1 {
		n = -1 // which admin refuses, saying what is allowed
	}
	q.Size = n
	return q
}

// instant reads a query parameter as an instant, the zero one for none.
func (r *request) instant(name string) (at time.Time, err error) {
	if text := r.query.Get(name); text != "" {
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			return at, admin.Errorf(admin.CodeInvalid, name, "must be an instant such as 2027-01-01T00:00:00Z (RFC 3339)")
		}
	}
	return at, nil
}

// answer is what a route says when all went well.
type answer struct {
	status   int // 0: 200
	body     any // nil: none
	version  int64
	location []string // the segments below Prefix of what was made
}

func (a answer) write(c *gin.Context) {
	if a.version != 0 {
		c.Header("ETag", `"`+strconv.FormatInt(a.version, 10)+`"`)
	}
	if len(a.location) > 0 {
		path := Prefix
		for _, segment := range a.location {
			path += "/" + url.PathEscape(segment)
		}
		c.Header("Location", path)
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.body == nil {
		c.Status(a.status)
		return
	}
	data, err := json.Marshal(a.body)
	if err != nil {
		refuse(c, err)
		return
	}
	c.Data(a.status, typeJSON, data)
}

// shown is the answer with something that has a version.
func shown(body any, version int64) answer { return answer{body: body, version: version} }

// created is the answer with something new.
func created(body any, version int64, location ...string) answer {
	return answer{status: http.StatusCreated, body: body, version: version, location: location}
}

// gone is the answer without anything.
func gone() answer { return answer{status: http.StatusNoContent} }
