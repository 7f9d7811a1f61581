package admin

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// NewTenant is what a tenant is made of. Only Slug and Name must be given.
type NewTenant struct {
	Slug            string                       `json:"slug"`
	Name            string                       `json:"name"`
	Issuer          string                       `json:"issuer"` // empty: from the first host, or from the slug
	Hosts           []string                     `json:"hosts"`
	Dialects        []string                     `json:"dialects"`
	DialectSettings map[string]map[string]string `json:"dialect_settings"`
	SigningAlg      string                       `json:"signing_alg"` // empty: RS256
	KeyBits         int                          `json:"key_bits"`    // 0: 2048
	SignIn
	Look
	Rotation
	Excess
	tenants.Lifetime
	tenants.RefreshLifetime
}

// tenantChange is what can be changed of a tenant.
type tenantChange struct {
	Name            string                       `json:"name"`
	Hosts           []string                     `json:"hosts"`
	Dialects        []string                     `json:"dialects"`
	DialectSettings map[string]map[string]string `json:"dialect_settings"`
	Status          tenants.Status               `json:"status"`
	SigningAlg      string                       `json:"signing_alg"`
	KeyBits         int                          `json:"key_bits"`
	SignIn
	Look
	Rotation
	Excess
	tenants.Lifetime
	tenants.RefreshLifetime
}

// SignIn is how a tenant's users sign in.
type SignIn struct {
	LoginByEmail bool `json:"login_by_email"` // by e-mail address as well as by username
}

// Excess says what becomes of a request for a longer life of an access token
// than it may have: clamp (also where it is empty) or refuse.
type Excess struct {
	ExcessLifetime string `json:"excess_lifetime"`
}

// Look is what a tenant's pages look like: colours as #rrggbb, empty for the
// platform's.
type Look struct {
	BrandColor      string `json:"brand_color"`
	BackgroundColor string `json:"background_color"`
}

// Rotation is how a tenant's keys follow each other.
type Rotation struct {
	Period int  `json:"rotation_period"` // seconds that a key signs; 0: as the platform says
	Paused bool `json:"rotation_paused"` // no key follows another but by order
}

// ownTenantFields are what a tenant's own administrators may change of it; the
// rest is the operator's, as it reaches other tenants or costs the platform.
func ownTenantFields() []string {
	return []string{
		"name", "signing_alg", "rotation_period", "rotation_paused", "login_by_email", "brand_color", "background_color", "access_token_lifetime", "max_access_token_lifetime", "excess_lifetime",
		"refresh_token_idle_lifetime", "refresh_token_lifetime", "refresh_token_grace",
	}
}

// CreateTenant makes a tenant. Only operators do, with tenants:write.
func (s *Service) CreateTenant(ctx context.Context, a Actor, n NewTenant) (*tenants.Tenant, error) {
	if err := a.needOperator(); err != nil {
		return nil, err
	}
	if err := checkSlug(n.Slug); err != nil {
		return nil, err
	}
	return s.createTenant(ctx, a, n)
}

func (s *Service) createTenant(ctx context.Context, a Actor, n NewTenant) (*tenants.Tenant, error) {
	now := s.instant()
	t := &tenants.Tenant{
		ID: newID(), Slug: n.Slug, Name: n.Name, Issuer: n.Issuer, Hosts: n.Hosts, Dialects: filled(n.Dialects), DialectSettings: n.DialectSettings,
		Status: tenants.Active, Lifetime: n.Lifetime, ExcessLifetime: n.ExcessLifetime, RefreshLifetime: n.RefreshLifetime,
		SigningAlg: n.SigningAlg, KeyBits: n.KeyBits,
		LoginByEmail: n.LoginByEmail, BrandColor: n.BrandColor, BackgroundColor: n.BackgroundColor,
		RotationPeriod: n.Rotation.Period, RotationPaused: n.Rotation.Paused,
		CreatedAt: now, UpdatedAt: now,
	}
	if t.SigningAlg == "" {
		t.SigningAlg = keys.Algs()[0]
	}
	if t.KeyBits == 0 {
		t.KeyBits = keys.RSABits()[0]
	}
	if err := s.checkTenant(t); err != nil {
		return nil, err
	}
	if t.Issuer == "" {
		t.Issuer = s.issuer(t)
	} else if err := checkIssuer(t.Issuer); err != nil {
		return nil, err
	}
	pepper, err := keys.NewPepper(s.sealer, t.ID)
	if err != nil {
		return nil, err
	}
	details := map[string]any{"slug": t.Slug, "issuer": t.Issuer, "hosts": t.Hosts, "dialects": t.Dialects}
	if err := s.store.CreateTenant(ctx, t, pepper, s.event(a, t.ID, "tenant.create", t.Slug, details), s.standIns(t)...); err != nil {
		return nil, s.taken(ctx, err, t)
	}
	return t, nil
}

// taken says which of a tenant's names another one has.
func (s *Service) taken(ctx context.Context, err error, t *tenants.Tenant) error {
	if !errors.Is(err, tenants.ErrExists) {
		return refused(err, "tenant", "")
	}
	var taken *tenants.TakenError
	if errors.As(err, &taken) && taken.Field == "dialects" {
		return &Error{
			Code: CodeExists, Field: "dialects", Err: err,
			Message: "a client has the name of the dialect, which is needed for the one that stands behind its endpoints",
		}
	}
	if taken != nil && taken.Field == "login_by_email" {
		return &Error{
			Code: CodeExists, Field: "login_by_email", Err: err,
			Message: "two users have the same e-mail address, or one has another's for a username: it could not be told who signs in",
		}
	}
	others := func(id string, found error) bool { return found == nil && id != t.ID }
	if others(s.store.TenantIDBySlug(ctx, t.Slug)) {
		return refused(err, "tenant", "slug")
	}
	for _, host := range t.Hosts {
		if others(s.store.TenantIDByHost(ctx, host)) {
			return &Error{Code: CodeExists, Field: "hosts", Message: "another tenant has the host " + quoted(host), Err: err}
		}
	}
	return &Error{Code: CodeExists, Field: "issuer", Message: "another tenant has the issuer " + quoted(t.Issuer), Err: err}
}

// Tenant returns a tenant; it needs tenants:read.
func (s *Service) Tenant(ctx context.Context, a Actor, slug string) (*tenants.Tenant, error) {
	return s.reach(ctx, a, "tenants:read", slug)
}

// Tenants lists the tenants that the actor reaches by slug; it needs tenants:read.
func (s *Service) Tenants(ctx context.Context, a Actor, q Query) (Page[tenants.Tenant], error) {
	if err := a.need("tenants:read"); err != nil {
		return Page[tenants.Tenant]{}, err
	}
	if !a.IsOperator() {
		return s.ownTenant(ctx, a, q)
	}
	operator, err := s.store.Tenant(ctx, tenants.OperatorSlug)
	if err != nil {
		return Page[tenants.Tenant]{}, refused(err, "tenant", "")
	}
	return list(ctx, s, listing[tenants.Tenant]{
		name: "tenants", tenantID: operator.ID, read: s.store.Tenants,
		key: func(t *tenants.Tenant) string { return t.Slug },
	}, q)
}

// ownTenant is the list of an actor that reaches one tenant.
func (s *Service) ownTenant(ctx context.Context, a Actor, q Query) (Page[tenants.Tenant], error) {
	if q.PageToken != "" {
		return Page[tenants.Tenant]{}, errPageToken()
	}
	t, err := s.store.TenantByID(ctx, a.TenantID)
	if err != nil {
		return Page[tenants.Tenant]{}, refused(err, "tenant", "")
	}
	prefix := strings.ToLower(q.Prefix)
	if !strings.HasPrefix(t.Slug, prefix) && !strings.HasPrefix(strings.ToLower(t.Name), prefix) {
		return Page[tenants.Tenant]{Items: []tenants.Tenant{}}, nil
	}
	return Page[tenants.Tenant]{Items: []tenants.Tenant{*t}}, nil
}

// UpdateTenant applies a merge patch to a tenant, if it still has the version,
// 0 for any. It needs tenants:write; a tenant's own administrators may change
// its name, signing_alg, rotation and lifetimes, operators also hosts, dialects, status
// and key_bits. id, slug, issuer and created_at never change.
func (s *Service) UpdateTenant(ctx context.Context, a Actor, slug string, version int64, p Patch) (*tenants.Tenant, error) {
	return retried(version, func() (*tenants.Tenant, error) { return s.updateTenant(ctx, a, slug, version, p) })
}

func (s *Service) updateTenant(ctx context.Context, a Actor, slug string, version int64, p Patch) (*tenants.Tenant, error) {
	t, err := s.reach(ctx, a, "tenants:write", slug)
	if err != nil {
		return nil, err
	}
	if err := current(t.Version, version, "tenant"); err != nil {
		return nil, err
	}
	before := tenantChange{t.Name, t.Hosts, t.Dialects, t.DialectSettings, t.Status, t.SigningAlg, t.KeyBits, SignIn{t.LoginByEmail}, Look{t.BrandColor, t.BackgroundColor}, Rotation{t.RotationPeriod, t.RotationPaused}, Excess{t.ExcessLifetime}, t.Lifetime, t.RefreshLifetime}
	m, err := merge(before, t, p, "name", "hosts", "dialects", "status", "signing_alg", "key_bits", "login_by_email", "rotation_paused")
	if err != nil || len(m.changed) == 0 {
		return t, err
	}
	for _, field := range m.changed {
		if !a.IsOperator() && !slices.Contains(ownTenantFields(), field) {
			return nil, Errorf(CodeForbidden, field, "only the operator may change this; a tenant's own administrators may change %s", listed(ownTenantFields()))
		}
	}
	after := m.value
	t.Name, t.Hosts, t.Dialects, t.Status = after.Name, after.Hosts, filled(after.Dialects), after.Status
	t.DialectSettings = after.DialectSettings
	t.SigningAlg, t.KeyBits, t.Lifetime, t.ExcessLifetime = after.SigningAlg, after.KeyBits, after.Lifetime, after.ExcessLifetime
	t.LoginByEmail, t.RefreshLifetime = after.LoginByEmail, after.RefreshLifetime
	t.BrandColor, t.BackgroundColor = after.BrandColor, after.BackgroundColor
	t.RotationPeriod, t.RotationPaused = after.Rotation.Period, after.Rotation.Paused
	if err := s.checkTenant(t); err != nil {
		return nil, err
	}
	if t.IsOperator() && t.Status != tenants.Active {
		return nil, Errorf(CodeForbidden, "status", "the operator's tenant cannot be suspended")
	}
	t.UpdatedAt = s.instant()
	if err := s.store.UpdateTenant(ctx, t, s.event(a, t.ID, "tenant.update", t.Slug, m.details()), s.standIns(t)...); err != nil {
		return nil, s.taken(ctx, err, t)
	}
	return t, nil
}

// DeleteTenant deletes a tenant with everything that it owns but its audit
// events, if it still has the version, 0 for any. Only operators do, with
// tenants:write.
func (s *Service) DeleteTenant(ctx context.Context, a Actor, slug string, version int64) error {
	t, err := s.reach(ctx, a, "tenants:write", slug)
	if err != nil {
		return err
	}
	if err := a.needOperator(); err != nil {
		return err
	}
	if t.IsOperator() {
		return Errorf(CodeForbidden, "", "the operator's tenant cannot be deleted")
	}
	return refused(s.store.DeleteTenant(ctx, t.ID, version, s.event(a, t.ID, "tenant.delete", t.Slug, nil)), "tenant", "")
}

// needOperator answers forbidden unless the actor may change the tenants of
// this platform.
func (a Actor) needOperator() error {
	if err := a.need("tenants:write"); err != nil {
		return err
	}
	if !a.IsOperator() {
		return Errorf(CodeForbidden, "", "only the operator may make and delete tenants")
	}
	return nil
}
