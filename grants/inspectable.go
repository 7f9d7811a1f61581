package grants

import (
	"context"
	"errors"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Inspectable is a Grant whose credentials APIs take as bearer tokens, so that
// they can be introspected beside access tokens.
type Inspectable interface {
	// Inspect returns what RFC 7662 section 2.2 says of a live credential of this
	// grant's, nil for any other text.
	Inspect(ctx context.Context, tenant *tenants.Tenant, text string) (map[string]any, error)
}

// inspectByGrant answers for what is no access token. These credentials name no
// audience: resource servers may ask about them, and nobody else. One that has
// scopes is alive for those whose APIs know one of them, and they are told these.
func (s *Service) inspectByGrant(ctx context.Context, tenant *tenants.Tenant, client *tenants.Client, text string) (map[string]any, error) {
	if len(client.ResourceServerFor) == 0 {
		return nil, nil
	}
	for _, name := range s.registry.types {
		inspectable, ok := s.registry.grants[name].(Inspectable)
		if !ok {
			continue
		}
		answer, err := inspectable.Inspect(ctx, tenant, text)
		if err != nil {
			return nil, err
		}
		if answer != nil {
			if text, _ := answer["scope"].(string); text != "" {
				scopes, err := s.knownTo(ctx, tenant.ID, client, strings.Fields(text))
				if err != nil || len(scopes) == 0 {
					return nil, err
				}
				answer["scope"] = scopes.String()
			}
			answer["active"], answer["token_type"], answer["iss"] = true, "Bearer", tenant.Issuer
			return answer, nil
		}
	}
	return nil, nil
}

// knownTo returns those of the scopes that an API knows which the client is a
// resource server for.
func (s *Service) knownTo(ctx context.Context, tenantID string, client *tenants.Client, scopes oauth.Scopes) (oauth.Scopes, error) {
	var known oauth.Scopes
	for _, audience := range client.ResourceServerFor {
		api, err := s.directory.API(ctx, tenantID, audience)
		if errors.Is(err, tenants.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, scope := range scopes {
			if _, ok := api.Scope(scope); ok && !known.Has(scope) {
				known = append(known, scope)
			}
		}
	}
	return known, nil
}

// Inspect answers for API keys.
func (g APIKey) Inspect(ctx context.Context, tenant *tenants.Tenant, text string) (map[string]any, error) {
	key, user, err := g.Keys.Find(ctx, tenant.ID, text)
	if err != nil {
		return nil, none(err)
	}
	answer := map[string]any{"sub": user.ID, "username": user.Username, "iat": key.CreatedAt.Unix()}
	if user.IsServiceAccount() {
		answer["client_id"] = user.ServiceAccountOf
	}
	if key.Scopes != nil {
		answer["scope"] = key.Scopes.String()
	}
	if key.ExpiresAt != nil {
		answer["exp"] = key.ExpiresAt.Unix()
	}
	return answer, nil
}
