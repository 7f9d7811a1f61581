package server

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// KeyMaker makes API keys of people who ask for one themselves; *admin.Service
// is one.
type KeyMaker interface {
	CreateOwnAPIKey(ctx context.Context, a admin.Actor, t *tenants.Tenant, u *tenants.User, n admin.NewAPIKey, description string) (*admin.CreatedAPIKey, error)
}

// createAPIKey answers who bears a token of having signed in with a new API key of
// theirs. The key may have what the token has, and no more.
func (s *Server) createAPIKey(c *gin.Context, route *dialects.Route) error {
	r, token, err := s.borne(c, route)
	if err != nil {
		return err
	}
	key, err := s.ownAPIKey(c.Request.Context(), r, token)
	if err != nil {
		return err
	}
	return s.values(c, route, func(name string) any {
		return map[string]string{"api_key": key.Text, "name": key.Name, "prefix": key.Prefix}[name]
	})
}

func (s *Server) ownAPIKey(ctx context.Context, r *grants.TokenRequest, token *grants.Token) (*admin.CreatedAPIKey, error) {
	if token.Claims["act"] != nil {
		return nil, oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "who acts for somebody else gets no API key of theirs")
	}
	// A key that ends, or an issuer that is trusted no more, would live on in it.
	if token.Claims["amr"] == nil {
		return nil, oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "only who has signed in gets an API key, and nobody by another API key or an assertion")
	}
	scopes := append(oauth.Scopes{}, token.Scopes()...) // nil would be all
	key, err := s.APIKeys.CreateOwnAPIKey(ctx, admin.Actor{TenantID: r.Tenant.ID, RequestID: r.RequestID, Address: r.Address}, r.Tenant, token.User,
		admin.NewAPIKey{APIKeySettings: admin.APIKeySettings{Name: r.Params["name"], Scopes: scopes}, Prefix: r.Params["prefix"]}, r.Params["description"])
	var refused *admin.Error
	if !errors.As(err, &refused) {
		return key, err
	}
	if refused.Code == admin.CodeInvalid {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "%s", refused.Error())
	}
	return nil, oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "%s", refused.Error())
}
