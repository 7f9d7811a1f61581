package admin

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// NewTrustedIssuer is what a trusted issuer is made of. Issuer, and one of
// JWKSURI and JWKS, must be given.
type NewTrustedIssuer struct {
	TrustedIssuerSettings
	Issuer string `json:"issuer"`
}

// TrustedIssuerSettings is what can be set and changed of a trusted issuer.
type TrustedIssuerSettings struct {
	Name        string              `json:"name"`   // empty: the issuer
	Status      tenants.Status      `json:"status"` // empty: active
	JWKSURI     string              `json:"jwks_uri,omitempty"`
	JWKS        map[string]any      `json:"jwks,omitempty"`
	Audiences   []string            `json:"audiences"`    // empty: the tenant's issuer
	SigningAlgs []string            `json:"signing_algs"` // empty: all
	MaxLifetime int                 `json:"max_assertion_lifetime,omitempty"`
	Reusable    bool                `json:"reusable_assertions"`
	Rules       []tenants.TrustRule `json:"rules"`
}

// trustOf returns what can be changed of a trusted issuer, as it is.
func trustOf(t *tenants.TrustedIssuer) (TrustedIssuerSettings, error) {
	n := TrustedIssuerSettings{
		Name: t.Name, Status: t.Status, JWKSURI: t.JWKSURI, Audiences: t.Audiences, SigningAlgs: t.SigningAlgs,
		MaxLifetime: t.MaxLifetime, Reusable: t.Reusable, Rules: t.Rules,
	}
	if t.JWKS == nil {
		return n, nil
	}
	return n, json.Unmarshal(t.JWKS, &n.JWKS)
}

// applyTo makes an issuer that way, with what is not given filled in.
func (n TrustedIssuerSettings) applyTo(t *tenants.TrustedIssuer) (err error) {
	t.Name, t.Status, t.JWKSURI, t.MaxLifetime, t.Reusable = n.Name, n.Status, n.JWKSURI, n.MaxLifetime, n.Reusable
	t.Audiences, t.SigningAlgs, t.Rules = filled(n.Audiences), filled(n.SigningAlgs), filled(n.Rules)
	if t.Name == "" {
		t.Name = clipped(t.Issuer)
	}
	if t.Status == "" {
		t.Status = tenants.Active
	}
	t.JWKS = nil
	if n.JWKS != nil {
		t.JWKS, err = json.Marshal(n.JWKS)
	}
	return err
}

// CreateTrustedIssuer has a tenant trust an issuer. It needs clients:write, and
// every admin scope of the clients that its rules name; users:write too where a
// rule names a user.
func (s *Service) CreateTrustedIssuer(ctx context.Context, a Actor, slug string, n NewTrustedIssuer) (*tenants.TrustedIssuer, error) {
	tenant, err := s.reach(ctx, a, "clients:write", slug)
	if err != nil {
		return nil, err
	}
	now := s.instant()
	t := &tenants.TrustedIssuer{ID: newID(), TenantID: tenant.ID, Issuer: n.Issuer, CreatedAt: now, UpdatedAt: now}
	if err := checkTrustedIssuer(tenant, t.Issuer); err != nil {
		return nil, err
	}
	if err := n.applyTo(t); err != nil {
		return nil, err
	}
	if err := s.checkTrust(ctx, a, t, true); err != nil {
		return nil, err
	}
	details := map[string]any{"issuer": t.Issuer, "rules": t.Rules}
	if err := s.store.CreateTrustedIssuer(ctx, t, s.event(a, tenant.ID, "trusted_issuer.create", t.ID, details)); err != nil {
		return nil, refusedIssuer(err)
	}
	return t, nil
}

// refusedIssuer is refused for issuers, whose rules name clients and users that
// somebody else may have deleted meanwhile.
func refusedIssuer(err error) error {
	if errors.Is(err, tenants.ErrNotFound) {
		return &Error{Code: CodeInvalid, Field: "rules", Message: "a client or user that a rule names was deleted in the meantime", Err: err}
	}
	return refused(err, "trusted issuer", "issuer")
}

// TrustedIssuer returns a trusted issuer by its id; it needs clients:read.
func (s *Service) TrustedIssuer(ctx context.Context, a Actor, slug, id string) (*tenants.TrustedIssuer, error) {
	_, t, err := s.reachIssuer(ctx, a, "clients:read", slug, id)
	return t, err
}

func (s *Service) reachIssuer(ctx context.Context, a Actor, scope, slug, id string) (*tenants.Tenant, *tenants.TrustedIssuer, error) {
	return reachOne(ctx, s, a, scope, slug, "trusted issuer", id, s.store.TrustedIssuer)
}

// TrustedIssuers lists whom a tenant trusts, by issuer; it needs clients:read.
func (s *Service) TrustedIssuers(ctx context.Context, a Actor, slug string, q Query) (Page[tenants.TrustedIssuer], error) {
	return listOf(ctx, s, a, "clients:read", slug, "trusted-issuers", func(t *tenants.TrustedIssuer) string { return t.Issuer }, s.store.TrustedIssuers, q)
}

// UpdateTrustedIssuer applies a merge patch to a trusted issuer, if it still has
// the version, 0 for any. Its needs are those of CreateTrustedIssuer, for the
// rules before and after. The issuer itself never changes.
func (s *Service) UpdateTrustedIssuer(ctx context.Context, a Actor, slug, id string, version int64, p Patch) (*tenants.TrustedIssuer, error) {
	return retried(version, func() (*tenants.TrustedIssuer, error) { return s.updateIssuer(ctx, a, slug, id, version, p) })
}

func (s *Service) updateIssuer(ctx context.Context, a Actor, slug, id string, version int64, p Patch) (*tenants.TrustedIssuer, error) {
	tenant, t, err := s.reachIssuer(ctx, a, "clients:write", slug, id)
	if err != nil {
		return nil, err
	}
	if err := current(t.Version, version, "trusted issuer"); err != nil {
		return nil, err
	}
	before, err := trustOf(t)
	if err != nil {
		return nil, err
	}
	m, err := merge(before, t, p, "status", "audiences", "signing_algs", "reusable_assertions", "rules")
	if err != nil || len(m.changed) == 0 {
		return t, err
	}
	if err := s.checkRules(ctx, a, t); err != nil {
		return nil, err
	}
	if err := m.value.applyTo(t); err != nil {
		return nil, err
	}
	if err := s.checkTrust(ctx, a, t, m.changes("jwks_uri")); err != nil {
		return nil, err
	}
	if err := s.store.UpdateTrustedIssuer(ctx, t, s.event(a, tenant.ID, "trusted_issuer.update", t.ID, m.details())); err != nil {
		return nil, refusedIssuer(err)
	}
	return t, nil
}

// DeleteTrustedIssuer ends the trust in an issuer. It needs clients:write.
// version is as in UpdateTrustedIssuer.
func (s *Service) DeleteTrustedIssuer(ctx context.Context, a Actor, slug, id string, version int64) error {
	tenant, t, err := s.reachIssuer(ctx, a, "clients:write", slug, id)
	if err != nil {
		return err
	}
	details := map[string]any{"issuer": t.Issuer}
	return refused(s.store.DeleteTrustedIssuer(ctx, t, version, s.event(a, tenant.ID, "trusted_issuer.delete", t.ID, details)), "trusted issuer", "")
}
