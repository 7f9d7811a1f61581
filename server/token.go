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
	if err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	if x.tenant == nil {
		audience, err := grants.Audience(params)
		if err != nil {
			return nil, err
		}
		if x.tenant, err = s.Resolver.ByAudience(ctx, audience, x.clientID); err != nil {
			return nil, err
		}
	}
	return s.Grants.Token(ctx, &grants.TokenRequest{
		Tenant: x.tenant, Params: params, Credentials: credentials, Address: x.address,
	})
}

// grantLabel returns the grant for metrics, whose labels must be few.
func (s *Server) grantLabel(c *gin.Context) string {
	grant := of(c).grant
	if s.Registry.Lookup(grant) == nil {
		return "unknown"
	}
	return grant
}
