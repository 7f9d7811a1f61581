package server

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

// shareWithListed lets pages of the origins that the dialect's client lists read
// what a route answers, if all that proves anything stands in the request itself
// (Fetch standard, CORS protocol). It reports whether the request is of such a
// page, and never allows what browsers send by themselves.
func (s *Server) shareWithListed(c *gin.Context, route *dialects.Route) (bool, error) {
	if !route.OpenToPages() {
		return false, nil
	}
	c.Writer.Header().Add("Vary", "Origin")
	origin := c.Request.Header.Values("Origin")
	if len(origin) != 1 {
		return false, nil
	}
	listed, err := s.Grants.ListsOrigin(c.Request.Context(), of(c).tenant, route.Spec().Name, origin[0])
	if listed {
		c.Writer.Header().Set("Access-Control-Allow-Origin", origin[0])
	}
	return listed, err
}

// preflight tells a browser that its page may use the method which it asks for,
// where a route of the tenant's is open to the page; elsewhere there is nothing.
func (s *Server) preflight(path string) gin.HandlerFunc {
	return s.bounded(func(c *gin.Context) {
		x, method := of(c), c.GetHeader("Access-Control-Request-Method")
		candidates := s.routes[method+" "+path]
		i := slices.IndexFunc(candidates, func(p place) bool { return x.tenant != nil && s.speaks(x.tenant, p.route) })
		if i < 0 {
			s.noRoute(c)
			return
		}
		switch listed, err := s.shareWithListed(c, candidates[i].route); {
		case err != nil:
			s.refuse(c, err)
		case !listed:
			s.noRoute(c)
		default:
			header := c.Writer.Header()
			header.Set("Access-Control-Allow-Methods", method)
			header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			c.Status(http.StatusNoContent)
			c.Writer.WriteHeaderNow()
		}
	})
}
