package admin

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// checkParties holds the sides of a new rule to who there is and who can be meant.
func (s *Service) checkParties(ctx context.Context, a Actor, r *tenants.ImpersonationRule) error {
	if err := checkParty("actor", r.Actor, "user, group or client"); err != nil {
		return err
	}
	if r.Target.Client != "" {
		return Errorf(CodeInvalid, "target.client", "nobody can become a client: name a user or a group")
	}
	if err := checkParty("target", r.Target, "user or group"); err != nil {
		return err
	}
	for _, side := range []struct {
		field string
		party *tenants.Party
	}{{"actor", &r.Actor}, {"target", &r.Target}} {
		if err := s.checkThere(ctx, a, r.TenantID, side.field, side.party); err != nil {
			return err
		}
	}
	if r.Actor.User != "" && r.Actor.User == r.Target.User {
		return Errorf(CodeInvalid, "target.user", "is the actor: nobody needs a rule to be themselves")
	}
	return nil
}

// named returns the user of that id, or else of that username.
func (s *Service) named(ctx context.Context, tenantID, name string) (*tenants.User, error) {
	u, err := s.store.User(ctx, tenantID, name)
	if errors.Is(err, tenants.ErrNotFound) {
		u, err = s.store.UserByLogin(ctx, tenantID, name)
		if err == nil && u.NameKey() != tenants.Fold(name) { // found by its e-mail address
			err = tenants.ErrNotFound
		}
	}
	return u, err
}

// checkParty wants exactly one of a party's names.
func checkParty(field string, p tenants.Party, allowed string) error {
	given := 0
	for _, name := range []string{p.User, p.Group, p.Client} {
		if name != "" {
			given++
		}
	}
	if given != 1 {
		return Errorf(CodeInvalid, field, "must name one %s", allowed)
	}
	return nil
}

// checkThere refuses who is not there, and has a user stand by its id. A client can
// be named only by who may change clients: the rule adds to what it can do.
func (s *Service) checkThere(ctx context.Context, a Actor, tenantID, field string, p *tenants.Party) error {
	switch {
	case p.User != "":
		u, err := s.named(ctx, tenantID, p.User)
		if errors.Is(err, tenants.ErrNotFound) {
			return Errorf(CodeInvalid, field+".user", "the tenant has no user %s", quoted(p.User))
		}
		if err == nil && u.IsServiceAccount() {
			return Errorf(CodeInvalid, field+".user", "%s is a service account: as an actor name its client, and nobody can become it", quoted(p.User))
		}
		if err == nil {
			p.User = u.ID
		}
		return err
	case p.Group != "":
		_, err := s.store.Group(ctx, tenantID, p.Group)
		if errors.Is(err, tenants.ErrNotFound) {
			return Errorf(CodeInvalid, field+".group", "the tenant has no group %s", quoted(p.Group))
		}
		return err
	}
	if err := a.need("clients:write"); err != nil {
		return err
	}
	_, err := s.store.Client(ctx, tenantID, p.Client)
	if errors.Is(err, tenants.ErrNotFound) {
		return Errorf(CodeInvalid, field+".client", "the tenant has no client %s", quoted(p.Client))
	}
	return err
}

// checkImpersonation holds what can be set of a rule to its bounds.
func (s *Service) checkImpersonation(ctx context.Context, a Actor, r *tenants.ImpersonationRule) error {
	if err := checkDescription("description", r.Description); err != nil {
		return err
	}
	if err := checkChoice("status", string(r.Status), []string{string(tenants.Active), string(tenants.Disabled)}); err != nil {
		return err
	}
	if err := checkSeconds("max_lifetime", r.MaxLifetime); err != nil {
		return err
	}
	if err := checkCount("scopes", len(r.Scopes)); err != nil {
		return err
	}
	for _, scope := range r.Scopes {
		if !oauth.ValidScope(scope) {
			return Errorf(CodeInvalid, "scopes", "%s is no scope", quoted(scope))
		}
	}
	if r.Actor.Client != "" {
		if err := a.need("clients:write"); err != nil {
			return err
		}
	}
	return s.checkExceeding(ctx, a, r)
}

// checkExceeding holds a rule that lets its actor do more than it may: it must
// name its target, and who makes it must have what it gives away.
func (s *Service) checkExceeding(ctx context.Context, a Actor, r *tenants.ImpersonationRule) error {
	if !r.ExceedPermissions {
		return nil
	}
	if r.Target.User == "" {
		return Errorf(CodeInvalid, "exceed_permissions", "is for rules whose target is a user: a group would hide who is meant")
	}
	u, err := s.store.User(ctx, r.TenantID, r.Target.User)
	if err != nil {
		return unknown(err, "user", r.Target.User)
	}
	if has := adminScopesIn(u.EffectivePermissions()); !a.Scopes.HasAll(has) {
		return Errorf(CodeForbidden, "target.user", "the user has admin scopes that you do not have: %s", missing(has, a.Scopes))
	}
	return nil
}
