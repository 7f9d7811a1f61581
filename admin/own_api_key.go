package admin

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// CreateOwnAPIKey makes an API key of the user who asks for it. The caller has
// seen to it that the user is who asks, and bounds the key's scopes by what the
// user asks with. The description is kept in the audit log only.
func (s *Service) CreateOwnAPIKey(ctx context.Context, a Actor, t *tenants.Tenant, u *tenants.User, n NewAPIKey, description string) (*CreatedAPIKey, error) {
	if err := checkDescription("description", description); err != nil {
		return nil, err
	}
	a.Name = t.UserActor(u.ID)
	return s.makeAPIKey(ctx, a, t, u, n, map[string]any{"description": description})
}
