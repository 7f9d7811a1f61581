package server

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// guard sets the headers and limits that hold on every route.
func (s *Server) guard(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	if s.PublicURL.Scheme == "https" {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if c.Request.ContentLength > MaxBody {
		s.refuse(c, oauth.Errorf(oauth.TooLarge, oauth.ReasonMalformed, "the body is larger than %d bytes", MaxBody))
		return
	}
	if c.Request.Body != nil {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, MaxBody)
	}
	ctx, cancel := withTimeout(c)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// recover turns a panic into a server_error; the stack goes to the log.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.refuse(c, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	c.Next()
}

func (s *Server) noRoute(c *gin.Context) {
	s.refuse(c, &oauth.Error{Code: notFound, Reason: oauth.ReasonUnknown, Description: "there is nothing at this path"})
}

func (s *Server) noMethod(c *gin.Context) {
	s.refuse(c, &oauth.Error{Code: methodNotAllowed, Reason: oauth.ReasonMalformed,
		Description: "this path answers only to: " + c.Writer.Header().Get("Allow")})
}
