package admin

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// NewRemoteGrant is what a grant type of a tenant's own is made of. GrantType
// and Endpoint must be given.
type NewRemoteGrant struct {
	RemoteGrantSettings
	GrantType string `json:"grant_type"`
}

// RemoteGrantSettings is what can be set and changed of it.
type RemoteGrantSettings struct {
	Name          string         `json:"name"`   // empty: the grant type
	Status        tenants.Status `json:"status"` // empty: active
	Endpoint      string         `json:"endpoint"`
	Params        []string       `json:"params"`
	PublicClients bool           `json:"public_clients"`
}

func remoteOf(g *tenants.RemoteGrant) RemoteGrantSettings {
	return RemoteGrantSettings{Name: g.Name, Status: g.Status, Endpoint: g.Endpoint, Params: g.Params, PublicClients: g.PublicClients}
}

// applyTo makes a grant that way, with what is not given filled in.
func (n RemoteGrantSettings) applyTo(g *tenants.RemoteGrant) {
	g.Name, g.Status, g.Endpoint, g.Params, g.PublicClients = n.Name, n.Status, n.Endpoint, filled(n.Params), n.PublicClients
	if g.Name == "" {
		g.Name = clipped(g.GrantType)
	}
	if g.Status == "" {
		g.Status = tenants.Active
	}
}

// CreateRemoteGrant registers a grant type of a tenant's own. Its endpoint
// decides whom tokens speak for: it needs clients:write and users:write.
func (s *Service) CreateRemoteGrant(ctx context.Context, a Actor, slug string, n NewRemoteGrant) (*tenants.RemoteGrant, error) {
	tenant, err := s.reachDecider(ctx, a, slug)
	if err != nil {
		return nil, err
	}
	now := s.instant()
	g := &tenants.RemoteGrant{ID: newID(), TenantID: tenant.ID, GrantType: n.GrantType, CreatedAt: now, UpdatedAt: now}
	if err := s.checkGrantType(g.GrantType); err != nil {
		return nil, err
	}
	n.applyTo(g)
	if err := s.checkRemoteGrant(g, true); err != nil {
		return nil, err
	}
	list, err := s.store.RemoteGrantsOf(ctx, tenant.ID)
	if err != nil {
		return nil, err
	}
	if len(list) >= tenants.MaxRemoteGrants {
		return nil, Errorf(CodeInUse, "", "the tenant has %d grant types of its own, as many as are allowed: delete one", len(list))
	}
	details := map[string]any{"grant_type": g.GrantType, "endpoint": g.Endpoint, "params": g.Params}
	if err := s.store.CreateRemoteGrant(ctx, g, s.event(a, tenant.ID, "remote_grant.create", g.ID, details)); err != nil {
		return nil, refused(err, "remote grant", "grant_type")
	}
	return g, nil
}

// reachDecider reaches a tenant for whoever may say who decides about its users.
func (s *Service) reachDecider(ctx context.Context, a Actor, slug string) (*tenants.Tenant, error) {
	tenant, err := s.reach(ctx, a, "clients:write", slug)
	if err != nil {
		return nil, err
	}
	return tenant, a.need("users:write")
}

// RemoteGrant returns a grant type of a tenant's own by its id; it needs
// clients:read.
func (s *Service) RemoteGrant(ctx context.Context, a Actor, slug, id string) (*tenants.RemoteGrant, error) {
	_, g, err := reachOne(ctx, s, a, "clients:read", slug, "remote grant", id, s.store.RemoteGrant)
	return g, err
}

// RemoteGrants lists the grant types of a tenant's own by grant type; it needs
// clients:read.
func (s *Service) RemoteGrants(ctx context.Context, a Actor, slug string, q Query) (Page[tenants.RemoteGrant], error) {
	return listOf(ctx, s, a, "clients:read", slug, "remote-grants", func(g *tenants.RemoteGrant) string { return g.GrantType }, s.store.RemoteGrants, q)
}

// UpdateRemoteGrant applies a merge patch to a grant type of a tenant's own, if
// it still has the version, 0 for any. Its needs are those of
// CreateRemoteGrant. The grant type itself never changes.
func (s *Service) UpdateRemoteGrant(ctx context.Context, a Actor, slug, id string, version int64, p Patch) (*tenants.RemoteGrant, error) {
	return retried(version, func() (*tenants.RemoteGrant, error) { return s.updateRemoteGrant(ctx, a, slug, id, version, p) })
}

func (s *Service) updateRemoteGrant(ctx context.Context, a Actor, slug, id string, version int64, p Patch) (*tenants.RemoteGrant, error) {
	tenant, err := s.reachDecider(ctx, a, slug)
	if err != nil {
		return nil, err
	}
	g, err := s.store.RemoteGrant(ctx, tenant.ID, id)
	if err != nil {
		return nil, unknown(err, "remote grant", id)
	}
	if err := current(g.Version, version, "remote grant"); err != nil {
		return nil, err
	}
	m, err := merge(remoteOf(g), g, p, "status", "endpoint", "params", "public_clients")
	if err != nil || len(m.changed) == 0 {
		return g, err
	}
	m.value.applyTo(g)
	if err := s.checkRemoteGrant(g, m.changes("endpoint")); err != nil {
		return nil, err
	}
	if err := s.store.UpdateRemoteGrant(ctx, g, s.event(a, tenant.ID, "remote_grant.update", g.ID, m.details())); err != nil {
		return nil, refused(err, "remote grant", "")
	}
	return g, nil
}

// DeleteRemoteGrant ends a grant type of a tenant's own that no client has any
// more, else it answers in_use. Its needs are those of CreateRemoteGrant; version is as in
// UpdateRemoteGrant.
func (s *Service) DeleteRemoteGrant(ctx context.Context, a Actor, slug, id string, version int64) error {
	tenant, err := s.reachDecider(ctx, a, slug)
	if err != nil {
		return err
	}
	g, err := s.store.RemoteGrant(ctx, tenant.ID, id)
	if err != nil {
		return unknown(err, "remote grant", id)
	}
	users, err := s.clientsWhere(ctx, tenant.ID, func(c *tenants.Client) bool { return c.AllowsGrant(g.GrantType) })
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return inUse("", "clients may use the grant: take it away from them, or delete them", users)
	}
	details := map[string]any{"grant_type": g.GrantType}
	err = s.store.DeleteRemoteGrant(ctx, g, version, s.event(a, tenant.ID, "remote_grant.delete", g.ID, details))
	return refused(err, "remote grant", "")
}
