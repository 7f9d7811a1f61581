package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gatehouse-auth/gatehouse/verify"
	"github.com/gin-gonic/gin"
)

// ginned makes a gin handler of a net/http middleware: what the middleware lets
// through goes on in gin with the request that the middleware handed on, and what
// it refuses ends there. docs/resource-servers.md shows it.
func ginned(middleware func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})
		middleware(next).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}

func TestTheMiddlewareWorksUnderGin(t *testing.T) {
	issuer, issue := newIssuer(t)
	verifier, err := verify.New(verify.Config{Issuers: []string{issuer}, Audiences: []string{audience}})
	if err != nil {
		t.Fatal(err)
	}
	gin.SetMode(gin.TestMode)
	router := gin.New()
	reached := 0
	whoami := func(c *gin.Context) {
		reached++
		name := "anonymous"
		if token, ok := verify.FromContext(c.Request.Context()); ok {
			name = token.Subject
		}
		c.String(http.StatusOK, name)
	}
	router.GET("/catalogue", ginned(verifier.Optional()), whoami)
	router.GET("/orders", ginned(verifier.Require("data")), whoami)

	for _, test := range []struct {
		path, token string
		status      int
		reached     int
		body        string
	}{
		{"/catalogue", "", 200, 1, "anonymous"},
		{"/catalogue", issue(""), 200, 1, "erp"},
		{"/catalogue", "x", 401, 0, ""},
		{"/orders", "", 401, 0, ""},
		{"/orders", issue("other"), 403, 0, ""},
		{"/orders", issue("data"), 200, 1, "erp"},
	} {
		reached = 0
		request := httptest.NewRequest(http.MethodGet, test.path, nil)
		if test.token != "" {
			request.Header.Set("Authorization", "Bearer "+test.token)
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, request)
		if w.Code != test.status || reached != test.reached || (test.body != "" && w.Body.String() != test.body) {
			t.Errorf("%s: %d %s, reached %d times", test.path, w.Code, w.Body, reached)
		}
	}
}
