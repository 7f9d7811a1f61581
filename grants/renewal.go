package grants

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// renew adds a refresh token to what is issued to a person, where the grant and
// the client let it (RFC 6749 section 1.5).
func (s *Service) renew(ctx context.Context, i *Issued) error {
	user := i.Subject.User
	if !i.Subject.Renewable || user == nil || user.IsServiceAccount() || !i.Client.AllowsGrant(oauth.GrantRefreshToken) {
		return nil
	}
	if tokens := s.refreshTokens(); tokens != nil {
		return tokens.start(ctx, i)
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
