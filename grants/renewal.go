package grants

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// renew starts a family with what is issued to a person: with a refresh token,
// where the grant and the client let it (RFC 6749 section 1.5), or without one, where
// the endpoint lets access tokens renew themselves.
func (s *Service) renew(ctx context.Context, i *Issued, p oauth.Profile) error {
	user, tokens := i.Subject.User, s.refreshTokens()
	if user == nil || user.IsServiceAccount() || tokens == nil {
		return nil
	}
	if i.Subject.Renewable && i.Client.AllowsGrant(oauth.GrantRefreshToken) {
		return tokens.start(ctx, i)
	}
	if p.Renewable && i.GrantID == "" {
		i.startFamily()
	}
	return nil
}

// refreshTokens returns nil for a server without that grant.
func (s *Service) refreshTokens() *RefreshTokens {
	grant, _ := s.registry.Lookup(oauth.GrantRefreshToken).(RefreshToken)
	return grant.Tokens
}

// earned returns the grant type whose lifetime of the client's counts: that of
// the grant or, where it has none, of the one that is renewed.
func (s *Subject) earned(grant Grant, client *tenants.Client) string {
	if s.EarnedBy != "" && client.Lifetimes[grant.Type()] == 0 {
		return s.EarnedBy
	}
	return grant.Type()
}
