package admin

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// GroupSettings is what a group is made of, and what can be changed of it. Only
// Name must be given.
type GroupSettings struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Permissions []string `json:"permissions"` // of its members
}

func (n GroupSettings) applyTo(g *tenants.Group) {
	g.Name, g.Description, g.Permissions = n.Name, n.Description, filled(n.Permissions)
}

func checkGroup(g *tenants.Group) error {
	if err := checkName("name", g.Name); err != nil {
		return err
	}
	if err := checkNoID("name", g.Name); err != nil {
		return err
	}
	if err := checkDescription("description", g.Description); err != nil {
		return err
	}
	return checkPermissions("permissions", g.Permissions)
}

// CreateGroup makes a group; it needs users:write, and the admin scopes that its
// members get as permissions.
func (s *Service) CreateGroup(ctx context.Context, a Actor, slug string, n GroupSettings) (*tenants.Group, error) {
	t, err := s.reach(ctx, a, "users:write", slug)
	if err != nil {
		return nil, err
	}
	now := s.instant()
	g := &tenants.Group{TenantID: t.ID, ID: newID(), CreatedAt: now, UpdatedAt: now}
	n.applyTo(g)
	if err := checkGroup(g); err != nil {
		return nil, err
	}
	if err := checkGiven(a, "permissions", g.Permissions); err != nil {
		return nil, err
	}
	details := map[string]any{"name": g.Name, "permissions": g.Permissions}
	if err := s.store.CreateGroup(ctx, g, s.event(a, t.ID, "group.create", g.ID, details)); err != nil {
		return nil, refused(err, "group", "name")
	}
	return g, nil
}

// Group returns a group by its id or name; it needs users:read.
func (s *Service) Group(ctx context.Context, a Actor, slug, group string) (*tenants.Group, error) {
	_, g, err := s.reachGroup(ctx, a, "users:read", slug, group)
	return g, err
}

func (s *Service) reachGroup(ctx context.Context, a Actor, scope, slug, group string) (*tenants.Tenant, *tenants.Group, error) {
	return reachOne(ctx, s, a, scope, slug, "group", group, s.store.Group)
}

// changeGroup is reachGroup for whoever wants to change the group. Who has fewer
// admin scopes than the group could else take them from its members, and then
// change these.
func (s *Service) changeGroup(ctx context.Context, a Actor, slug, group string) (*tenants.Tenant, *tenants.Group, error) {
	t, g, err := s.reachGroup(ctx, a, "users:write", slug, group)
	if err != nil {
		return nil, nil, err
	}
	if err := checkHeld(a, "group", g.Permissions); err != nil {
		return nil, nil, err
	}
	return t, g, nil
}

// Groups lists a tenant's groups by name; it needs users:read.
func (s *Service) Groups(ctx context.Context, a Actor, slug string, q Query) (Page[tenants.Group], error) {
	return listOf(ctx, s, a, "users:read", slug, "groups", func(g *tenants.Group) string { return tenants.Fold(g.Name) }, s.store.Groups, q)
}

// UpdateGroup applies a merge patch to a group, if it still has the version, 0
// for any. It needs users:write, and every admin scope that the group has or
// gets. id and created_at never change.
func (s *Service) UpdateGroup(ctx context.Context, a Actor, slug, group string, version int64, p Patch) (*tenants.Group, error) {
	return retried(version, func() (*tenants.Group, error) { return s.updateGroup(ctx, a, slug, group, version, p) })
}

func (s *Service) updateGroup(ctx context.Context, a Actor, slug, group string, version int64, p Patch) (*tenants.Group, error) {
	t, g, err := s.changeGroup(ctx, a, slug, group)
	if err != nil {
		return nil, err
	}
	if err := current(g.Version, version, "group"); err != nil {
		return nil, err
	}
	m, err := merge(GroupSettings{Name: g.Name, Description: g.Description, Permissions: g.Permissions}, g, p, "name")
	if err != nil || len(m.changed) == 0 {
		return g, err
	}
	m.value.applyTo(g)
	if err := checkGroup(g); err != nil {
		return nil, err
	}
	if m.changes("permissions") {
		if err := checkGiven(a, "permissions", g.Permissions); err != nil {
			return nil, err
		}
	}
	g.UpdatedAt = s.instant()
	if err := s.store.UpdateGroup(ctx, g, s.event(a, t.ID, "group.update", g.ID, m.details())); err != nil {
		return nil, refused(err, "group", "name")
	}
	return g, nil
}

// DeleteGroup deletes a group; its members stay, without what it gave them. It
// needs users:write and every admin scope that the group has. version is as in
// UpdateGroup.
func (s *Service) DeleteGroup(ctx context.Context, a Actor, slug, group string, version int64) error {
	t, g, err := s.changeGroup(ctx, a, slug, group)
	if err != nil {
		return err
	}
	return refused(s.store.DeleteGroup(ctx, t.ID, g.ID, version, s.event(a, t.ID, "group.delete", g.ID, map[string]any{"name": g.Name})), "group", "")
}
