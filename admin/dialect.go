package admin

import (
	"context"
	"maps"
	"slices"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Dialect is what the rules need to know of a dialect that tenants may switch on.
type Dialect struct {
	Name string
	// Routes are its endpoints as "METHOD path": a tenant has each only once.
	Routes []string
	// StandInGrants are the grants of the client that stands behind those of its
	// endpoints which name none; empty: there is no such client.
	StandInGrants []string
	Settings      []string // names of what a tenant may set for it
}

// maxSetting bounds a dialect's setting, in characters.
const maxSetting = 255

// checkDialects holds a tenant to the dialects that there are, to those that do
// not claim the same endpoint, and to the settings that they know.
func (s *Service) checkDialects(t *tenants.Tenant) error {
	names := make([]string, len(s.cfg.Dialects))
	known := map[string]Dialect{}
	for i, d := range s.cfg.Dialects {
		names[i], known[d.Name] = d.Name, d
	}
	if err := checkChoices("dialects", t.Dialects, names); err != nil {
		return err
	}
	taken := map[string]string{}
	for _, name := range t.Dialects {
		for _, route := range known[name].Routes {
			if other := taken[route]; other != "" {
				return Errorf(CodeInvalid, "dialects", "%s and %s both answer %s: a tenant can have one of them", other, name, route)
			}
			taken[route] = name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.DialectSettings)) {
		if err := checkChoice("dialect_settings", name, names); err != nil {
			return err
		}
		field := "dialect_settings." + name
		for _, setting := range slices.Sorted(maps.Keys(t.DialectSettings[name])) {
			if err := checkChoice(field, setting, known[name].Settings); err != nil {
				return err
			}
			if err := checkText(field+"."+setting, t.DialectSettings[name][setting], maxSetting, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// standIns returns the clients that stand behind endpoints of the tenant's
// dialects which name none.
func (s *Service) standIns(t *tenants.Tenant) []*tenants.Client {
	var clients []*tenants.Client
	now := s.instant()
	for _, d := range s.cfg.Dialects {
		if len(d.StandInGrants) == 0 || !slices.Contains(t.Dialects, d.Name) {
			continue
		}
		clients = append(clients, &tenants.Client{
			TenantID: t.ID, ID: d.Name, Name: d.Name, Status: tenants.Active, GrantTypes: d.StandInGrants, AuthMethod: oauth.AuthDialect,
			Description: "Stands behind the endpoints of the dialect that name no client.", CreatedAt: now, UpdatedAt: now,
		})
	}
	return clients
}

// keepsStandIn answers invalid if a client would begin or cease to be one that
// stands in for a dialect: such a client needs no proof, and works there only.
func keepsStandIn(before, after string) error {
	if (before == oauth.AuthDialect) == (after == oauth.AuthDialect) {
		return nil
	}
	return Errorf(CodeInvalid, "token_endpoint_auth_method", "%s is kept for the clients that come with a dialect, and they keep it", oauth.AuthDialect)
}

// LegacyUses lists which clients of a tenant still use which endpoints of
// dialects, by client_id. The query's Prefix is one of the client_id. It needs
// clients:read.
func (s *Service) LegacyUses(ctx context.Context, a Actor, slug string, q Query) (Page[tenants.LegacyUse], error) {
	t, err := s.reach(ctx, a, "clients:read", slug)
	if err != nil {
		return Page[tenants.LegacyUse]{}, err
	}
	return list(ctx, s, listing[tenants.LegacyUse]{
		name: "legacy_uses", tenantID: t.ID, key: (*tenants.LegacyUse).Key,
		read: func(ctx context.Context, r Range) ([]tenants.LegacyUse, error) {
			return s.store.LegacyUses(ctx, t.ID, r)
		},
	}, q)
}
