package server

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// retryAfter is how long a client should wait for what is away.
const retryAfter = 2 * time.Second

// statusHungUp is what proxies write into their logs, too, where a client did not
// wait for its answer.
const statusHungUp = 499

// HungUp ends a request whose error means only that the client has gone, and returns
// what is to be noted of it; nil for any other error. Nothing of ours is broken or
// away then, and nobody hears an answer.
func HungUp(c *gin.Context, err error) *oauth.Error {
	if !errors.Is(err, context.Canceled) || !errors.Is(c.Request.Context().Err(), context.Canceled) {
		return nil
	}
	c.AbortWithStatus(statusHungUp)
	return &oauth.Error{Code: oauth.HungUp, Err: err}
}

// refuse answers with an error, in the form of the route that the request
// reached, of the admin API, or else of the RFCs.
func (s *Server) refuse(c *gin.Context, err error) {
	x := of(c)
	if x.failure = HungUp(c, err); x.failure != nil {
		return
	}
	failure := AsFailure(err)
	x.failure = failure
	if belowAdmin(c.Request.URL.Path) {
		refuseAdmin(c, failure)
		return
	}
	var refusal dialects.Refusal
	if x.answeredBy != nil {
		refusal = x.answeredBy.Refuse(failure, x.id)
	} else {
		refusal = s.Dialects.Standard().Refuse(failure, x.id)
	}
	header := c.Writer.Header()
	header.Set("Cache-Control", "no-store")
	if refusal.Status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", challenge(failure))
	}
	if failure.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(failure.RetryAfter.Seconds()))))
	}
	c.Abort()
	if refusal.Body == nil {
		c.Status(refusal.Status)
		c.Writer.WriteHeaderNow()
		return
	}
	c.Data(refusal.Status, refusal.ContentType, refusal.Body)
}

// challenge says how to prove oneself (RFC 6749 section 5.2, RFC 6750 section 3).
// Basic has browsers ask for a password, which helps for clients only.
func challenge(e *oauth.Error) string {
	switch {
	case e.Code == oauth.InvalidToken && e.Reason == oauth.ReasonMissing: // section 3.1: who sent none is told no error
		return `Bearer realm="gatehouse"`
	case e.Code == oauth.InvalidToken:
		return `Bearer realm="gatehouse", error="invalid_token"`
	case e.Code == oauth.InvalidGrant:
		return `Bearer realm="gatehouse"`
	}
	return `Basic realm="gatehouse", charset="UTF-8"`
}

// AsFailure sorts out what is away from what is broken.
func AsFailure(err error) *oauth.Error {
	var tooLarge *http.MaxBytesError
	var known *oauth.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return oauth.Errorf(oauth.TooLarge, oauth.ReasonMalformed, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, tenants.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &oauth.Error{
			Code: oauth.TemporarilyUnavailable, Reason: oauth.ReasonInternal,
			Description: "a part of this service is away, try again", RetryAfter: retryAfter, Err: err,
		}
	default:
		return oauth.AsError(err)
	}
}

// Unread is the answer to a body that could not be read to its end: it is too
// large, or the client broke off or was too slow.
func Unread(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return &oauth.Error{Code: oauth.InvalidRequest, Reason: oauth.ReasonMalformed, Description: "the body could not be read", Err: err}
}
