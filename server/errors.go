package server

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Codes of answers that no dialect knows: they are about HTTP.
const (
	notFound         oauth.Code = "not_found"
	methodNotAllowed oauth.Code = "method_not_allowed"
)

// retryAfter is how long a client should wait for what is away.
const retryAfter = 2 * time.Second

// wireError is the body of RFC 6749 section 5.2.
type wireError struct {
	Error       oauth.Code `json:"error"`
	Description string     `json:"error_description,omitempty"`
	RequestID   string     `json:"request_id,omitempty"`
}

// refuse answers with an error in the form of the RFCs.
func (s *Server) refuse(c *gin.Context, err error) { s.refuseAs(c, s.standard, err) }

func (s *Server) refuseAs(c *gin.Context, spec *dialects.Spec, err error) {
	failure := asFailure(err)
	x := of(c)
	x.failure = failure
	header := c.Writer.Header()
	header.Set("Cache-Control", "no-store")
	status := spec.Status(failure.Code)
	switch failure.Code {
	case notFound:
		status = http.StatusNotFound
	case methodNotAllowed:
		status = http.StatusMethodNotAllowed
	}
	if status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Basic realm="gatehouse", charset="UTF-8"`)
	}
	if failure.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(failure.RetryAfter.Seconds()))))
	}
	body := wireError{Error: failure.Code, Description: allowed(failure.Description)}
	if status >= http.StatusInternalServerError {
		body.RequestID = x.id
	}
	c.AbortWithStatusJSON(status, body)
}

// asFailure sorts out what is away from what is broken.
func asFailure(err error) *oauth.Error {
	var tooLarge *http.MaxBytesError
	var known *oauth.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return oauth.Errorf(oauth.TooLarge, oauth.ReasonMalformed, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, tenants.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &oauth.Error{Code: oauth.TemporarilyUnavailable, Reason: oauth.ReasonInternal,
			Description: "a part of this service is away, try again", RetryAfter: retryAfter, Err: err}
	default:
		return oauth.AsError(err)
	}
}

// unread is the answer to a body that could not be read to its end: it is too
// large, or the client broke off or was too slow.
func unread(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return &oauth.Error{Code: oauth.InvalidRequest, Reason: oauth.ReasonMalformed, Description: "the body could not be read", Err: err}
}

// allowed keeps a description within the characters of RFC 6749 section 5.2.
func allowed(description string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, description)
}
