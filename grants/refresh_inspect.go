package grants

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// OwnInspectable is a Grant whose credentials the client that they were issued to,
// and nobody else, may introspect.
type OwnInspectable interface {
	// InspectOwn returns what RFC 7662 section 2.2 says of a credential of this
	// grant's that the client could use now, nil for any other text. It changes nothing.
	InspectOwn(ctx context.Context, tenant *tenants.Tenant, client *tenants.Client, text string) (map[string]any, error)
}

// inspectOwn answers for credentials of the asking client's own.
func (s *Service) inspectOwn(ctx context.Context, tenant *tenants.Tenant, client *tenants.Client, text string) (map[string]any, error) {
	for _, name := range s.registry.types {
		own, ok := s.registry.grants[name].(OwnInspectable)
		if !ok {
			continue
		}
		answer, err := own.InspectOwn(ctx, tenant, client, text)
		if err != nil {
			return nil, err
		}
		if answer != nil {
			answer["active"], answer["client_id"], answer["iss"] = true, client.ID, tenant.Issuer
			return answer, nil
		}
	}
	return nil, nil
}

// InspectOwn answers for refresh tokens. One that was used is not active, within its
// grace neither.
func (g RefreshToken) InspectOwn(ctx context.Context, tenant *tenants.Tenant, client *tenants.Client, text string) (map[string]any, error) {
	token, err := g.Tokens.find(ctx, tenant, client, text)
	refused := (*oauth.Error)(nil)
	if errors.As(err, &refused) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	now, bounds, family := g.Tokens.now(), tenants.RefreshBoundsOf(tenant, client), &token.Family
	end := earlier(familyEnd(family, bounds), token.CreatedAt.Add(bounds.Idle))
	if !token.Live(now) || token.SpentAt != nil || !now.Before(end) || !client.AllowsGrant(g.Type()) {
		return nil, nil
	}
	user, err := g.Tokens.owner(ctx, tenant.ID, client, family)
	if errors.As(err, &refused) || err == nil && user.Status != tenants.Active {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// No audience: nobody should take it for an access token.
	answer := map[string]any{"token_type": "refresh_token", "sub": user.ID, "exp": end.Unix()}
	if len(family.Scopes) > 0 {
		answer["scope"] = family.Scopes.String()
	}
	return answer, nil
}
