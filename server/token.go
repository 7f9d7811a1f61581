package server

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// wireToken is the body of RFC 6749 section 5.1.
type wireToken struct {
	AccessToken     string `json:"access_token"`
	TokenType       string `json:"token_type"`
	ExpiresIn       int64  `json:"expires_in"`
	Scope           string `json:"scope,omitempty"`
	RefreshToken    string `json:"refresh_token,omitempty"`
	IssuedTokenType string `json:"issued_token_type,omitempty"`
}

// token answers the token endpoint (RFC 6749 section 3.2).
func (s *Server) token(c *gin.Context, spec *dialects.Spec, route *dialects.Route) {
	response, err := s.issue(c, route)
	if err != nil {
		s.refuseAs(c, spec, err)
		s.Metrics.issued(s.grantLabel(c), string(of(c).failure.Code))
		return
	}
	s.Metrics.issued(s.grantLabel(c), "issued")
	c.JSON(http.StatusOK, wireToken{
		AccessToken: response.AccessToken, TokenType: response.TokenType, ExpiresIn: response.ExpiresIn,
		Scope: response.Scope, RefreshToken: response.RefreshToken, IssuedTokenType: response.IssuedTokenType,
	})
}

func (s *Server) issue(c *gin.Context, route *dialects.Route) (*oauth.Response, error) {
	r, err := s.read(c, route)
	if err != nil {
		return nil, err
	}
	x, ctx := of(c), c.Request.Context()
	if x.tenant == nil {
		audience, err := grants.Audience(r.Params)
		if err != nil {
			return nil, err
		}
		if x.tenant, err = s.Resolver.ByAudience(ctx, audience, x.clientID); err != nil {
			return nil, err
		}
		r.Tenant = x.tenant
	}
	return s.Grants.Token(ctx, r)
}

// read understands the bytes of a client's request, and takes note of who asks
// for what.
func (s *Server) read(c *gin.Context, route *dialects.Route) (*grants.TokenRequest, error) {
	x := of(c)
	if s.Staleness() > s.MaxStaleness {
		return nil, stale()
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return nil, unread(err)
	}
	params, credentials, err := route.Decode(c.Request, body)
	x.clientID, x.grant = credentials.ClientID(), params["grant_type"]
	return &grants.TokenRequest{Tenant: x.tenant, Params: params, Credentials: credentials, Address: x.address, RequestID: x.id}, err
}

// introspect answers the introspection endpoint (RFC 7662 section 2).
func (s *Server) introspect(c *gin.Context, spec *dialects.Spec, route *dialects.Route) {
	if s.needTenant(c) {
		return
	}
	r, err := s.read(c, route)
	if err != nil {
		s.refuseAs(c, spec, err)
		return
	}
	answer, err := s.Grants.Introspect(c.Request.Context(), r)
	if err != nil {
		s.refuseAs(c, spec, err)
		return
	}
	c.JSON(http.StatusOK, answer)
}

// grantLabel returns the grant for metrics, whose labels must be few.
func (s *Server) grantLabel(c *gin.Context) string {
	grant := of(c).grant
	if s.Registry.Lookup(grant) == nil {
		return "unknown"
	}
	return grant
}
