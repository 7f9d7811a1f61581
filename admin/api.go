package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// NewAPI is what an API is made of. Only Identifier and Name must be given.
type NewAPI struct {
	Identifier string          `json:"identifier"`
	Name       string          `json:"name"`
	Scopes     []tenants.Scope `json:"scopes"`
	// SharedHost makes it findable on the shared host. Not given, it is true
	// for what an operator makes; others cannot set it.
	SharedHost *bool  `json:"shared_host"`
	SigningAlg string `json:"signing_alg"` // empty: the tenant's
	// RequiredPermission is what the subject of its tokens must be permitted.
	RequiredPermission string `json:"required_permission"` // empty: nothing
	TokenShape
	tenants.Lifetime
}

// apiChange is what can be changed of an API.
type apiChange struct {
	Name               string          `json:"name"`
	Scopes             []tenants.Scope `json:"scopes"`
	SharedHost         bool            `json:"shared_host"`
	SigningAlg         string          `json:"signing_alg"`
	RequiredPermission string          `json:"required_permission"`
	TokenShape
	tenants.Lifetime
}

// CreateAPI makes an API; it needs apis:write.
func (s *Service) CreateAPI(ctx context.Context, a Actor, slug string, n NewAPI) (*tenants.API, error) {
	t, err := s.reach(ctx, a, "apis:write", slug)
	if err != nil {
		return nil, err
	}
	shared := a.IsOperator()
	if n.SharedHost != nil {
		shared = *n.SharedHost
	}
	if shared && !a.IsOperator() {
		return nil, errSharedHost()
	}
	now := s.instant()
	api := &tenants.API{
		ID: newID(), TenantID: t.ID, Identifier: n.Identifier, Name: n.Name, Scopes: filled(n.Scopes),
		Lifetime: n.Lifetime, SigningAlg: n.SigningAlg, TokenFormat: n.TokenFormat, Claims: n.Claims, SharedHost: shared, RequiredPermission: n.RequiredPermission, CreatedAt: now, UpdatedAt: now,
	}
	if err := checkIdentifier(api.Identifier); err != nil {
		return nil, err
	}
	if err := checkAPI(api); err != nil {
		return nil, err
	}
	details := map[string]any{"id": api.ID, "shared_host": api.SharedHost}
	err = s.store.CreateAPI(ctx, api, s.event(a, t.ID, "api.create", api.Identifier, details))
	if err != nil {
		return nil, refused(err, "API", "identifier")
	}
	return api, nil
}

func errSharedHost() error {
	return Errorf(CodeForbidden, "shared_host", "only the operator makes an API findable on the shared host, or ends that")
}

// API returns an API by its id or identifier; it needs apis:read.
func (s *Service) API(ctx context.Context, a Actor, slug, id string) (*tenants.API, error) {
	_, api, err := s.reachAPI(ctx, a, "apis:read", slug, id)
	return api, err
}

func (s *Service) reachAPI(ctx context.Context, a Actor, scope, slug, id string) (*tenants.Tenant, *tenants.API, error) {
	return reachOne(ctx, s, a, scope, slug, "API", id, s.store.API)
}

// APIs lists a tenant's APIs by identifier; it needs apis:read.
func (s *Service) APIs(ctx context.Context, a Actor, slug string, q Query) (Page[tenants.API], error) {
	return listOf(ctx, s, a, "apis:read", slug, "apis", func(api *tenants.API) string { return api.Identifier }, s.store.APIs, q)
}

// UpdateAPI applies a merge patch to an API, if it still has the version, 0
// for any. It needs apis:write; only operators change shared_host. id,
// identifier and created_at never change. Taking away a scope that a client has
// is in_use.
func (s *Service) UpdateAPI(ctx context.Context, a Actor, slug, id string, version int64, p Patch) (*tenants.API, error) {
	return retried(version, func() (*tenants.API, error) { return s.updateAPI(ctx, a, slug, id, version, p) })
}

func (s *Service) updateAPI(ctx context.Context, a Actor, slug, id string, version int64, p Patch) (*tenants.API, error) {
	t, api, err := s.reachAPI(ctx, a, "apis:write", slug, id)
	if err != nil {
		return nil, err
	}
	if err := current(api.Version, version, "API"); err != nil {
		return nil, err
	}
	before := apiChange{Name: api.Name, Scopes: api.Scopes, SharedHost: api.SharedHost, SigningAlg: api.SigningAlg, TokenShape: TokenShape{api.TokenFormat, api.Claims}, RequiredPermission: api.RequiredPermission, Lifetime: api.Lifetime}
	m, err := merge(before, api, p, "name", "scopes", "shared_host")
	if err != nil || len(m.changed) == 0 {
		return api, err
	}
	if m.changes("shared_host") && !a.IsOperator() {
		return nil, errSharedHost()
	}
	after := m.value
	api.Name, api.Scopes, api.SharedHost = after.Name, filled(after.Scopes), after.SharedHost
	api.TokenFormat, api.Claims = after.TokenFormat, after.Claims
	api.SigningAlg, api.Lifetime, api.RequiredPermission = after.SigningAlg, after.Lifetime, after.RequiredPermission
	if err := checkAPI(api); err != nil {
		return nil, err
	}
	if err := s.keepsScopes(ctx, api, before.Scopes); err != nil {
		return nil, err
	}
	api.UpdatedAt = s.instant()
	err = s.store.UpdateAPI(ctx, api, s.event(a, t.ID, "api.update", api.Identifier, m.details()))
	if err != nil {
		return nil, refused(err, "API", "")
	}
	return api, nil
}

// keepsScopes answers in_use where the API lost a scope that a client may have.
func (s *Service) keepsScopes(ctx context.Context, api *tenants.API, before []tenants.Scope) error {
	var lost []string
	for _, scope := range before {
		if !slices.ContainsFunc(api.Scopes, func(kept tenants.Scope) bool { return kept.Name == scope.Name }) {
			lost = append(lost, scope.Name)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	users, err := s.clientsWhere(ctx, api.TenantID, func(c *tenants.Client) bool {
		access, _ := c.Access(api.Identifier)
		return slices.ContainsFunc(lost, access.Scopes.Has)
	})
	if err != nil || len(users) == 0 {
		return err
	}
	return inUse("scopes", "clients have what the API would lose of "+listed(lost)+": take it away from them, or make it deprecated", users)
}

// DeleteAPI deletes an API that no client refers to, else it answers in_use.
// It needs apis:write. version is as in UpdateAPI.
func (s *Service) DeleteAPI(ctx context.Context, a Actor, slug, id string, version int64) error {
	t, api, err := s.reachAPI(ctx, a, "apis:write", slug, id)
	if err != nil {
		return err
	}
	users, err := s.clientsWhere(ctx, t.ID, func(c *tenants.Client) bool {
		_, has := c.Access(api.Identifier)
		return has || slices.Contains(c.ResourceServerFor, api.Identifier)
	})
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return inUse("", "clients refer to the API: take it away from them, or delete them", users)
	}
	return refused(s.store.DeleteAPI(ctx, t.ID, api.Identifier, version, s.event(a, t.ID, "api.delete", api.Identifier, nil)), "API", "")
}

// inUse tells which clients still need something.
func inUse(field, message string, clients []string) error {
	const shown = 5
	some := clients[:min(shown, len(clients))]
	message += " (" + strings.Join(some, ", ")
	if more := len(clients) - len(some); more > 0 {
		message += fmt.Sprintf(" and %d more", more)
	}
	return &Error{
		Code: CodeInUse, Field: field, Message: message + ")",
		Details: map[string]any{"client_count": len(clients), "clients": some},
	}
}

// clientsWhere returns the ids of all clients of which that holds.
func (s *Service) clientsWhere(ctx context.Context, tenantID string, holds func(*tenants.Client) bool) ([]string, error) {
	var users []string
	for r := (Range{Limit: maxPage}); ; {
		clients, err := s.store.Clients(ctx, tenantID, r)
		if err != nil {
			return nil, err
		}
		for i := range clients {
			if holds(&clients[i]) {
				users = append(users, clients[i].ID)
			}
		}
		if len(clients) < r.Limit {
			return users, nil
		}
		r.After = clients[len(clients)-1].ID
	}
}

// apiByIdentifier returns the API that a client names, nil for one that there
// is not.
func (s *Service) apiByIdentifier(ctx context.Context, tenantID, identifier string) (*tenants.API, error) {
	if identifier == tenants.AdminAPI(tenantID).Identifier {
		return tenants.AdminAPI(tenantID), nil
	}
	api, err := s.store.API(ctx, tenantID, identifier)
	if errors.Is(err, tenants.ErrNotFound) || err == nil && api.Identifier != identifier { // found by id
		return nil, nil
	}
	return api, err
}
