package server

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// guard sets the headers and limits that hold on every route.
func (s *Server) guard(c *gin.Context) {
	maps.Copy(c.Writer.Header(), s.headers)
	if c.Request.Body != http.NoBody {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, MaxBody)
	}
}

// deadline bounds the time that whatever may wait for something else takes;
// what is answered from memory needs no clock.
func (s *Server) deadline(c *gin.Context) { s.bounded((*gin.Context).Next)(c) }

// bounded is deadline for one handler.
func (s *Server) bounded(handler gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), s.RequestTimeout)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
		handler(c)
	}
}

// headersOf returns the headers that every answer has unless its handler says
// otherwise. Their values are shared: they are replaced, never changed.
func headersOf(config Config) http.Header {
	headers := http.Header{
		"X-Content-Type-Options":  {"nosniff"},
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
		"Cache-Control":           {"no-store"},
	}
	if config.PublicURL.Scheme == "https" {
		headers.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return headers
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
