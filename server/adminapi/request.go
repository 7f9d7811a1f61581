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

// patch reads a merge patch.
func (r *request) patch() (admin.Patch, error) {
	var p admin.Patch
	return p, r.body(&p, false, typePatch, typeJSON)
}

// matching makes a change for the version that If-Match names, or for any (0)
// where it names none (RFC 9110 section 13.1.1). Of several, the thing can have
// one: for the others the change does nothing but say so.
func (r *request) matching(change func(version int64) error) error {
	wanted, unbound, err := readTags(r.Request.Header.Values("If-Match"), "If-Match", false)
	if err != nil {
		return err
	}
	if unbound {
		return change(0)
	}
	if len(wanted) == 0 {
		return change(never)
	}
	for _, version := range wanted {
		var refused *admin.Error
		if err = change(version); !errors.As(err, &refused) || refused.Code != admin.CodeStale {
			break
		}
	}
	return err
}

// unchanged reports whether If-None-Match names the version (RFC 9110 section
// 13.1.2).
func unchanged(header http.Header, version int64) bool {
	values := header.Values("If-None-Match")
	versions, unbound, err := readTags(values, "If-None-Match", true)
	return err == nil && len(values) > 0 && (unbound || slices.Contains(versions, version))
}

const (
	never   = -1 // a version that nothing has
	maxTags = 20
)

// readTags reads a list of entity tags as the versions that are meant, each
// once: other tags than ours match nothing. unbound tells that there is no list,
// or * instead of one. Where weak, proxies may have made our tags so.
func readTags(values []string, field string, weak bool) (versions []int64, unbound bool, err error) {
	list := strings.Split(strings.Join(values, ","), ",")
	if len(values) == 0 || len(list) == 1 && strings.TrimSpace(list[0]) == "*" {
		return nil, true, nil
	}
	if len(list) > maxTags {
		return nil, false, admin.Errorf(admin.CodeInvalid, field, "has %d entity tags, %d are allowed", len(list), maxTags)
	}
	for _, tag := range list {
		tag = strings.TrimSpace(tag)
		if tag == "*" {
			return nil, false, admin.Errorf(admin.CodeInvalid, field, "must be entity tags, or * alone")
		}
		if weak {
			tag = strings.TrimPrefix(tag, "W/")
		}
		text, opened := strings.CutPrefix(tag, `"`)
		text, closed := strings.CutSuffix(text, `"`)
		n, err := strconv.ParseInt(text, 10, 64)
		if opened && closed && err == nil && n > 0 && strconv.FormatInt(n, 10) == text && !slices.Contains(versions, n) {
			versions = append(versions, n)
		}
	}
	return versions, false, nil
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
			allowed := "there is none"
			if len(known) > 0 {
				allowed = "known are: " + strings.Join(known, ", ")
			}
			return nil, admin.Errorf(admin.CodeInvalid, "", "the query has a parameter that is not known here: %s", allowed)
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
		if (c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead) && unchanged(c.Request.Header, a.version) {
			c.Status(http.StatusNotModified)
			return
		}
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
