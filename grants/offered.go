package grants

import (
	"context"
	"slices"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Offered returns the grant types that metadata of a tenant names: those that
// work there, as some client may use them. client_credentials always does; it
// alone is named while it cannot be told what clients may use, and none of the
// tenant's own while those cannot be told.
func (s *Service) Offered(ctx context.Context, tenant *tenants.Tenant) []string {
	used, err := s.directory.GrantTypes(ctx, tenant.ID)
	if err != nil {
		return []string{oauth.GrantClientCredentials}
	}
	remote, err := s.remotes.types(ctx, tenant.ID)
	if err != nil {
		remote = nil
	}
	return slices.DeleteFunc(append(s.registry.Listed(), remote...), func(name string) bool {
		if _, bound := s.registry.Lookup(name).(OwnHostOnly); bound && tenant.IsAtPath() {
			return true
		}
		return name != oauth.GrantClientCredentials && !slices.Contains(used, name)
	})
}

// OwnHostOnly is a Grant that works at a tenant's own host, and not below its path
// on the shared one.
type OwnHostOnly interface{ OwnHostOnly() }
