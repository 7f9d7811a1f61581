package server

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

// revoke answers the revocation endpoint (RFC 7009 section 2): 200 once the
// token does not work any more, whatever it was. What could not be done is an
// error, never 200 (section 2.2.1).
func (s *Server) revoke(c *gin.Context, route *dialects.Route) error {
	if err := needTenant(c); err != nil {
		return err
	}
	r, err := s.read(c, route)
	if err == nil {
		err = s.Grants.Revoke(c.Request.Context(), r)
	}
	if err != nil {
		return err
	}
	s.served(c, route)
	c.Status(http.StatusOK)
	return nil
}
