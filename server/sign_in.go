package server

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

// signIn starts a session for a program that signs a person in by a dialect's
// endpoint, and sets the dialect's cookie.
func (s *Server) signIn(c *gin.Context, route *dialects.Route) error {
	r, err := s.read(c, route)
	if err != nil {
		return err
	}
	cookie, err := s.Grants.StartSession(c.Request.Context(), s.Sessions, r, Agent(c.Request))
	if err != nil {
		return err
	}
	http.SetCookie(c.Writer, &http.Cookie{
		Name: route.Cookie, Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: strings.HasPrefix(r.Tenant.Issuer, "https://"),
	})
	if route.Location != "" {
		c.Header("Location", s.root(r.Tenant)+route.Location)
	}
	s.served(c, route)
	c.Status(route.Status)
	c.Writer.WriteHeaderNow()
	return nil
}

// Agent returns what a client says of itself, cut and made printable.
func Agent(r *http.Request) string {
	agent := r.UserAgent()
	kept := []byte(agent[:min(len(agent), 200)])
	for i, b := range kept {
		if b < 0x20 || b > 0x7e {
			kept[i] = '?'
		}
	}
	return string(kept)
}
