package admin

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// NewImpersonationRule is what a rule is made of. Actor and Target must be given;
// a group may be named by its name or id.
type NewImpersonationRule struct {
	ImpersonationRuleSettings
	Actor  tenants.Party `json:"actor"`
	Target tenants.Party `json:"target"`
}

// ImpersonationRuleSettings is what can be set and changed of a rule.
type ImpersonationRuleSettings struct {
	Description   string         `json:"description"`
	Status        tenants.Status `json:"status"` // empty: active
	RequireReason bool           `json:"require_reason"`
	MaxLifetime   int            `json:"max_lifetime,omitempty"` // seconds
	Scopes        []string       `json:"scopes"`                 // nil: no bound
	// ExceedPermissions needs a target that is a user.
	ExceedPermissions bool `json:"exceed_permissions"`
}

func ruleSettingsOf(r *tenants.ImpersonationRule) ImpersonationRuleSettings {
	return ImpersonationRuleSettings{
		Description: r.Description, Status: r.Status, RequireReason: r.RequireReason, MaxLifetime: r.MaxLifetime,
		Scopes: r.Scopes, ExceedPermissions: r.ExceedPermissions,
	}
}

func (n ImpersonationRuleSettings) applyTo(r *tenants.ImpersonationRule) {
	r.Description, r.Status, r.RequireReason, r.MaxLifetime = n.Description, n.Status, n.RequireReason, n.MaxLifetime
	r.Scopes, r.ExceedPermissions = oauth.Scopes(n.Scopes), n.ExceedPermissions
	if r.Status == "" {
		r.Status = tenants.Active
	}
}

// CreateImpersonationRule lets somebody become somebody. It needs users:write,
// clients:write too where the actor is a client, and every admin scope of a target
// that may do more than the actor.
func (s *Service) CreateImpersonationRule(ctx context.Context, a Actor, slug string, n NewImpersonationRule) (*tenants.ImpersonationRule, error) {
	t, err := s.reach(ctx, a, "users:write", slug)
	if err != nil {
		return nil, err
	}
	now := s.instant()
	r := &tenants.ImpersonationRule{ID: newID(), TenantID: t.ID, Actor: n.Actor, Target: n.Target, CreatedAt: now, UpdatedAt: now}
	n.applyTo(r)
	if err := s.checkParties(ctx, a, r); err != nil {
		return nil, err
	}
	if err := s.checkImpersonation(ctx, a, r); err != nil {
		return nil, err
	}
	all, err := s.store.AllImpersonationRules(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	if len(all) >= tenants.MaxImpersonationRules {
		return nil, Errorf(CodeInvalid, "", "the tenant has %d rules, and may have no more: let rules name groups", len(all))
	}
	details := map[string]any{"actor": r.Actor, "target": r.Target, "exceed_permissions": r.ExceedPermissions}
	if err := s.store.CreateImpersonationRule(ctx, r, s.event(a, t.ID, "impersonation_rule.create", r.ID, details)); err != nil {
		return nil, refusedRule(err)
	}
	return r, nil
}

// refusedRule is refused for rules, which name users, groups and clients that
// somebody else may have deleted meanwhile.
func refusedRule(err error) error {
	var missing *MissingError
	switch {
	case errors.As(err, &missing):
		return &Error{Code: CodeInvalid, Message: "the tenant has no " + missing.Thing + " " + quoted(missing.Name), Err: err}
	case errors.Is(err, tenants.ErrNotFound):
		return &Error{Code: CodeInvalid, Message: "who the rule names was deleted in the meantime", Err: err}
	}
	return err
}

// ImpersonationRule returns a rule; it needs users:read.
func (s *Service) ImpersonationRule(ctx context.Context, a Actor, slug, id string) (*tenants.ImpersonationRule, error) {
	_, r, err := s.reachRule(ctx, a, "users:read", slug, id)
	return r, err
}

func (s *Service) reachRule(ctx context.Context, a Actor, scope, slug, id string) (*tenants.Tenant, *tenants.ImpersonationRule, error) {
	return reachOne(ctx, s, a, scope, slug, "impersonation rule", id, s.store.ImpersonationRule)
}

// ImpersonationRules lists a tenant's rules, older ones first; it needs
// users:read. A prefix is looked for in their descriptions.
func (s *Service) ImpersonationRules(ctx context.Context, a Actor, slug string, q Query) (Page[tenants.ImpersonationRule], error) {
	return listOf(ctx, s, a, "users:read", slug, "impersonation-rules", func(r *tenants.ImpersonationRule) string { return r.ID }, s.store.ImpersonationRules, q)
}

// UpdateImpersonationRule applies a merge patch to a rule, if it still has the
// version, 0 for any. Its needs are those of CreateImpersonationRule. Who the rule
// names never changes.
func (s *Service) UpdateImpersonationRule(ctx context.Context, a Actor, slug, id string, version int64, p Patch) (*tenants.ImpersonationRule, error) {
	return retried(version, func() (*tenants.ImpersonationRule, error) { return s.updateRule(ctx, a, slug, id, version, p) })
}

func (s *Service) updateRule(ctx context.Context, a Actor, slug, id string, version int64, p Patch) (*tenants.ImpersonationRule, error) {
	t, r, err := s.reachRule(ctx, a, "users:write", slug, id)
	if err != nil {
		return nil, err
	}
	if err := current(r.Version, version, "impersonation rule"); err != nil {
		return nil, err
	}
	m, err := merge(ruleSettingsOf(r), r, p, "status", "require_reason", "exceed_permissions")
	if err != nil || len(m.changed) == 0 {
		return r, err
	}
	m.value.applyTo(r)
	if err := s.checkImpersonation(ctx, a, r); err != nil {
		return nil, err
	}
	if err := s.store.UpdateImpersonationRule(ctx, r, s.event(a, t.ID, "impersonation_rule.update", r.ID, m.details())); err != nil {
		return nil, refused(err, "impersonation rule", "")
	}
	return r, nil
}

// DeleteImpersonationRule ends a rule; tokens that it let somebody have live until
// they expire. It needs users:write. version is as in UpdateImpersonationRule.
func (s *Service) DeleteImpersonationRule(ctx context.Context, a Actor, slug, id string, version int64) error {
	t, r, err := s.reachRule(ctx, a, "users:write", slug, id)
	if err != nil {
		return err
	}
	details := map[string]any{"actor": r.Actor, "target": r.Target}
	return refused(s.store.DeleteImpersonationRule(ctx, t.ID, r.ID, version, s.event(a, t.ID, "impersonation_rule.delete", r.ID, details)), "impersonation rule", "")
}
