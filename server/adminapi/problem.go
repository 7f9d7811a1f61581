package adminapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// problem is an answer of RFC 9457 in the making. Its code never changes its
// meaning; title and detail are for people.
type problem struct {
	status    int
	code      string
	field     string
	detail    string
	details   map[string]any
	challenge string // WWW-Authenticate, without the scheme (RFC 6750 section 3)
	cause     error  // for the log
}

func (p *problem) Error() string { return p.code + ": " + p.detail }

const realm = `realm="gatehouse"`

func errNoToken() error {
	return &problem{
		status: http.StatusUnauthorized, code: "unauthorized", challenge: realm,
		detail: "this needs a bearer token for the audience " + oauth.AdminAudience,
	}
}

func errBadAuthorization() error {
	return &problem{
		status: http.StatusBadRequest, code: "invalid_request", challenge: realm + `, error="invalid_request"`,
		detail: "there must be one Authorization header: Bearer and a token",
	}
}

func errNoRoute() error {
	return &problem{status: http.StatusNotFound, code: "not_found", detail: "there is nothing at this path: see " + Prefix + "/openapi.yaml"}
}

func errNoMethod(allowed string) error {
	return &problem{status: http.StatusMethodNotAllowed, code: "method_not_allowed", detail: "allowed here: " + allowed}
}

func errTooLarge() error {
	return &problem{status: http.StatusRequestEntityTooLarge, code: "too_large", detail: fmt.Sprintf("the body is larger than %d bytes", maxBody)}
}

func errMediaType(allowed string) error {
	return &problem{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", detail: "the Content-Type must be " + allowed}
}

// problemOf says how an error is answered.
func problemOf(err error) *problem {
	var known *problem
	var refused *admin.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refused):
		return refusal(refused)
	case errors.Is(err, oauth.ErrInvalidToken):
		return &problem{
			status: http.StatusUnauthorized, code: "invalid_token", detail: err.Error(),
			challenge: realm + `, error="invalid_token"`,
		}
	case errors.Is(err, ErrSuspended):
		return &problem{status: http.StatusForbidden, code: "tenant_suspended", detail: err.Error()}
	case errors.Is(err, tenants.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &problem{
			status: http.StatusServiceUnavailable, code: "unavailable", cause: err,
			detail: "a part of this service is away: try again",
		}
	}
	return &problem{
		status: http.StatusInternalServerError, code: "internal", cause: err,
		detail: "the request could not be answered: the log says why, under this request_id",
	}
}

// refusal is the problem of what an actor did wrong.
func refusal(err *admin.Error) *problem {
	p := &problem{code: string(err.Code), field: err.Field, detail: err.Message, details: err.Details}
	switch err.Code {
	case admin.CodeInvalid:
		p.status = http.StatusBadRequest
	case admin.CodeForbidden:
		p.status = http.StatusForbidden
		if scope, ok := err.Details["scope"].(string); ok {
			p.challenge = realm + `, error="insufficient_scope", scope="` + scope + `"`
		}
	case admin.CodeNotFound:
		p.status = http.StatusNotFound
	case admin.CodeStale:
		p.status = http.StatusPreconditionFailed
	default: // exists, ambiguous, too_early, in_use
		p.status = http.StatusConflict
	}
	return p
}

// refuse answers with a problem document.
func refuse(c *gin.Context, err error) {
	call := callOf(c)
	if gone := server.HungUp(c, err); gone != nil {
		call.failure = gone
		return
	}
	p := problemOf(err)
	call.failure = &oauth.Error{Code: oauth.Code(p.code), Err: p.cause}
	more := map[string]any{}
	maps.Copy(more, p.details)
	if p.field != "" {
		more["field"] = p.field
	}
	if p.challenge != "" {
		c.Header("WWW-Authenticate", "Bearer "+p.challenge)
	}
	server.Problem(c, p.status, p.code, p.detail, call.requestID, more)
}
