package server

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// token answers the token endpoint (RFC 6749 section 3.2).
func (s *Server) token(c *gin.Context, route *dialects.Route) {
	response, err := s.issue(c, route)
	if err != nil {
		s.refuse(c, err)
		s.Metrics.issued(s.grantLabel(c), string(of(c).failure.Code))
		return
	}
	s.Metrics.issued(s.grantLabel(c), "issued")
	c.Writer.Header()["Pragma"] = []string{"no-cache"} // for caches of HTTP/1.0, as RFC 6749 section 5.1 has it
	s.served(c, route)                                 // which stands for all routes of the path: they make one row
	answers := of(c).answeredBy                        // of those routes
	c.Data(answers.Status, answers.ContentType, answers.Encode(response))
}

func (s *Server) issue(c *gin.Context, route *dialects.Route) (*oauth.Response, error) {
	r, err := s.read(c, route)
	if err != nil {
		return nil, err
	}
	if err := s.findTenant(c, route, r); err != nil {
		return nil, err
	}
	if of(c).grant == oauth.GrantSession {
		if err := s.share(c, r); err != nil {
			return nil, err
		}
	}
	response, err := s.Grants.Token(c.Request.Context(), r)
	of(c).clientID = r.Credentials.ClientID()
	return response, err
}

// findTenant finds the tenant of a request on the shared host: by the audience,
// or else by what names its tenant. Where host or path name one, the audience must
// not name another.
func (s *Server) findTenant(c *gin.Context, route *dialects.Route, r *grants.TokenRequest) error {
	x := of(c)
	audience, err := grants.Audience(r.Params)
	if err != nil {
		return err
	}
	if x.tenant != nil {
		return s.Resolver.Agrees(c.Request.Context(), x.tenant, audience)
	}
	named, err := grants.TenantNamed(r.Params)
	if err != nil && audience == "" {
		return err
	}
	tenant, err := s.Resolver.OnSharedHost(c.Request.Context(), audience, x.clientID, named)
	if err != nil {
		return err
	}
	if !s.speaks(tenant, route) {
		x.answeredBy = nil
		return &oauth.Error{Code: oauth.NotFound, Reason: oauth.ReasonUnknown, Description: "there is nothing at this path"}
	}
	x.tenant, r.Tenant = tenant, tenant
	dress(c, route)
	return nil
}

// read understands the bytes of a client's request, and takes note of who asks
// for what. The query is forgotten: it may have held a secret.
func (s *Server) read(c *gin.Context, route *dialects.Route) (*grants.TokenRequest, error) {
	x := of(c)
	if s.Staleness() > s.MaxStaleness {
		return nil, stale()
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return nil, Unread(err)
	}
	q, err := route.Decode(c.Request, body)
	c.Request.URL.RawQuery, c.Request.RequestURI = "", ""
	x.answeredBy = q.Route
	x.clientID, x.grant = q.Credentials.ClientID(), q.Params["grant_type"]
	for _, habit := range q.Habits {
		s.Metrics.showed(route.Spec().Name, habit)
	}
	return &grants.TokenRequest{
		Tenant: x.tenant, Params: q.Params, Credentials: q.Credentials, Profile: q.Profile, Browser: s.browser(c, route, q.Params), Address: x.address, RequestID: x.id,
	}, err
}

// introspect answers the introspection endpoint (RFC 7662 section 2).
func (s *Server) introspect(c *gin.Context, route *dialects.Route) error {
	if err := needTenant(c); err != nil {
		return err
	}
	r, err := s.read(c, route)
	if err != nil {
		return err
	}
	answer, err := s.Grants.Introspect(c.Request.Context(), r)
	if err != nil {
		return err
	}
	s.served(c, route)
	c.JSON(http.StatusOK, answer)
	return nil
}

// grantLabel returns the grant for metrics, whose labels must be few.
func (s *Server) grantLabel(c *gin.Context) string {
	return s.Grants.Label(c.Request.Context(), of(c).tenant, of(c).grant)
}
