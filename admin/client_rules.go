package admin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// changeOf returns what can be changed of a client, as it is.
func changeOf(c *tenants.Client) ClientSettings {
	return ClientSettings{
		Name: c.Name, Description: c.Description, Status: c.Status, GrantTypes: c.GrantTypes, AuthMethod: c.AuthMethod,
		APIs: c.APIs, ResourceServerFor: c.ResourceServerFor, Lifetimes: c.Lifetimes, AllowedOrigins: c.AllowedOrigins,
		RequiredPermissions: c.RequiredPermissions, Permissions: c.Permissions, ExpiresAt: c.ExpiresAt, Lifetime: c.Lifetime,
		Assertions:      c.Assertions,
		TokenShape:      TokenShape{c.TokenFormat, c.Claims},
		RefreshLifetime: c.RefreshLifetime,
	}
}

// applyTo makes a client that way, with what is not given filled in.
func (n ClientSettings) applyTo(c *tenants.Client) {
	c.Name, c.Description, c.Status, c.GrantTypes, c.AuthMethod = n.Name, n.Description, n.Status, filled(n.GrantTypes), n.AuthMethod
	c.APIs, c.ResourceServerFor, c.Lifetimes, c.Lifetime = filled(n.APIs), filled(n.ResourceServerFor), n.Lifetimes, n.Lifetime
	c.AllowedOrigins = filled(n.AllowedOrigins)
	if c.Status == "" {
		c.Status = tenants.Active
	}
	if c.AuthMethod == "" {
		c.AuthMethod = oauth.AuthSecretBasic
	}
	if c.Lifetimes == nil {
		c.Lifetimes = map[string]int{}
	}
	c.RequiredPermissions, c.Permissions = n.RequiredPermissions, filled(n.Permissions)
	if c.RequiredPermissions == nil {
		c.RequiredPermissions = map[string]string{}
	}
	c.TokenFormat, c.Claims = n.TokenFormat, n.Claims
	if c.Claims == nil {
		c.Claims = tenants.Claims{}
	}
	c.ExpiresAt = stored(n.ExpiresAt)
	c.Assertions = n.Assertions
	c.Audiences = filled(n.Audiences)
	c.RefreshLifetime = n.RefreshLifetime
}

// stored returns an instant as databases keep it.
func stored(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	exact := at.UTC().Truncate(time.Microsecond)
	return &exact
}

// checkClient holds a client to the rules that need nothing but itself and the
// grants that there are.
func (s *Service) checkClient(ctx context.Context, c *tenants.Client) error {
	known, public, err := s.grantTypes(ctx, c.TenantID)
	if err != nil {
		return err
	}
	if err := checkName("name", c.Name); err != nil {
		return err
	}
	if err := checkDescription("description", c.Description); err != nil {
		return err
	}
	if err := checkChoice("status", string(c.Status), []string{string(tenants.Active), string(tenants.Disabled)}); err != nil {
		return err
	}
	if err := checkChoices("grant_types", c.GrantTypes, known); err != nil {
		return err
	}
	if err := s.checkAuthMethod(c, public); err != nil {
		return err
	}
	for _, grant := range slices.Sorted(maps.Keys(c.Lifetimes)) {
		if err := checkChoice("lifetimes", grant, known); err != nil {
			return err
		}
		if seconds := c.Lifetimes[grant]; seconds < 1 || seconds > longest {
			return Errorf(CodeInvalid, "lifetimes."+grant, "must be 1 to %d seconds", longest)
		}
	}
	for _, grant := range slices.Sorted(maps.Keys(c.RequiredPermissions)) {
		if err := checkChoice("required_permissions", grant, known); err != nil {
			return err
		}
		if err := checkPermissions("required_permissions."+grant, []string{c.RequiredPermissions[grant]}); err != nil {
			return err
		}
	}
	if err := checkPermissions("permissions", c.Permissions); err != nil {
		return err
	}
	if err := checkOrigins(c.AllowedOrigins); err != nil {
		return err
	}
	if err := checkTokenShape(c.TokenFormat, c.Claims); err != nil {
		return err
	}
	if err := checkRefreshLifetime(c.RefreshLifetime); err != nil {
		return err
	}
	return checkLifetime(c.Lifetime)
}

// checkAPIs holds what a client may have to what there is, and to what the
// actor has to give. It replaces scopes that are not given by the API's.
func (s *Service) checkAPIs(ctx context.Context, a Actor, c *tenants.Client) error {
	if err := checkCount("apis", len(c.APIs)); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := range c.APIs {
		access := &c.APIs[i]
		field := fmt.Sprintf("apis[%d]", i)
		if seen[access.Identifier] {
			return Errorf(CodeInvalid, field+".identifier", "%s is given twice", quoted(access.Identifier))
		}
		seen[access.Identifier] = true
		api, err := s.referred(ctx, c.TenantID, field+".identifier", access.Identifier)
		if err != nil {
			return err
		}
		if err := checkAccess(a, api, access, field+".scopes"); err != nil {
			return err
		}
	}
	return nil
}

// checkAccess holds scopes to those of the API, and admin scopes to those that
// the actor has.
func checkAccess(a Actor, api *tenants.API, access *tenants.APIAccess, field string) error {
	isAdmin := api.Identifier == oauth.AdminAudience
	if access.Scopes == nil {
		access.Scopes = oauth.Scopes{}
		for _, scope := range api.Scopes {
			if !scope.Deprecated && (!isAdmin || a.Scopes.Has(scope.Name)) {
				access.Scopes = append(access.Scopes, scope.Name)
			}
		}
	}
	allowed := make([]string, len(api.Scopes))
	for i, scope := range api.Scopes {
		allowed[i] = scope.Name
	}
	if err := checkChoices(field, access.Scopes, allowed); err != nil {
		return err
	}
	if isAdmin && !a.Scopes.HasAll(access.Scopes) {
		return Errorf(CodeForbidden, field, "you can give only admin scopes that you have, and lack %s", missing(access.Scopes, a.Scopes))
	}
	return nil
}

// checkResourceServer holds the APIs that a client serves to those there are.
func (s *Service) checkResourceServer(ctx context.Context, c *tenants.Client) error {
	if err := checkCount("resource_server_for", len(c.ResourceServerFor)); err != nil {
		return err
	}
	for i, identifier := range c.ResourceServerFor {
		field := fmt.Sprintf("resource_server_for[%d]", i)
		if slices.Contains(c.ResourceServerFor[:i], identifier) {
			return Errorf(CodeInvalid, field, "%s is given twice", quoted(identifier))
		}
		if identifier == oauth.AdminAudience {
			return Errorf(CodeInvalid, field, "this platform itself serves %s", oauth.AdminAudience)
		}
		if _, err := s.referred(ctx, c.TenantID, field, identifier); err != nil {
			return err
		}
	}
	return nil
}

// referred returns the API that a field names, or says which there are.
func (s *Service) referred(ctx context.Context, tenantID, field, identifier string) (*tenants.API, error) {
	api, err := s.apiByIdentifier(ctx, tenantID, identifier)
	if api != nil || err != nil {
		return api, err
	}
	const shown = 20
	known, err := s.store.APIs(ctx, tenantID, Range{Limit: shown + 1})
	if err != nil {
		return nil, err
	}
	var allowed []string
	for i := range known[:min(shown, len(known))] {
		allowed = append(allowed, known[i].Identifier)
	}
	if len(known) > shown {
		allowed = append(allowed, "and more")
	}
	return nil, Errorf(CodeInvalid, field, "the tenant has no API %s: allowed are %s", quoted(identifier), listed(append(allowed, oauth.AdminAudience)))
}

// missing lists what of wanted is not in have.
func missing(wanted, have oauth.Scopes) string {
	var lacking []string
	for _, scope := range wanted {
		if !have.Has(scope) {
			lacking = append(lacking, scope)
		}
	}
	return strings.Join(lacking, " ")
}
