package admin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/secrets"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// maxAPIKeys is how many API keys a user may have.
const maxAPIKeys = 100

// NewAPIKey is what an API key is made of. Only Name must be given.
type NewAPIKey struct {
	APIKeySettings
	Prefix string `json:"prefix"` // empty: the tenant's slug
}

// APIKeySettings is what can be set and changed of an API key.
type APIKeySettings struct {
	Name      string       `json:"name"`
	Scopes    oauth.Scopes `json:"scopes"`     // nil: all that its user and the client may have
	ExpiresAt *time.Time   `json:"expires_at"` // nil: never
}

// CreatedAPIKey is a new API key with its text, which is never shown again.
type CreatedAPIKey struct {
	*tenants.APIKey
	Text string `json:"key"`
}

// CreateAPIKey makes an API key of a user or service account. It needs
// users:write and every admin scope that the user has.
func (s *Service) CreateAPIKey(ctx context.Context, a Actor, slug, userID string, n NewAPIKey) (*CreatedAPIKey, error) {
	t, u, err := s.changeUser(ctx, a, slug, userID)
	if err != nil {
		return nil, err
	}
	if err := s.checkScopesKnown(ctx, t.ID, n.Scopes); err != nil {
		return nil, err
	}
	return s.makeAPIKey(ctx, a, t, u, n, map[string]any{})
}

// makeAPIKey makes an API key of the user. details go into the audit log, beside
// the key's own.
func (s *Service) makeAPIKey(ctx context.Context, a Actor, t *tenants.Tenant, u *tenants.User, n NewAPIKey, details map[string]any) (*CreatedAPIKey, error) {
	if n.Prefix == "" {
		n.Prefix = t.Slug[:min(len(t.Slug), maxKeyPrefix)]
	}
	if !only(n.Prefix, "_-", 1, maxKeyPrefix) {
		return nil, Errorf(CodeInvalid, "prefix", "must be 1 to %d of A-Z a-z 0-9 _ -", maxKeyPrefix)
	}
	k := &tenants.APIKey{ID: newID(), TenantID: t.ID, UserID: u.ID, Prefix: n.Prefix, CreatedAt: s.instant()}
	if err := s.setAPIKey(k, n.APIKeySettings, true); err != nil {
		return nil, err
	}
	have, err := s.store.APIKeys(ctx, t.ID, u.ID, Range{Limit: maxAPIKeys})
	if err != nil {
		return nil, err
	}
	if len(have) >= maxAPIKeys {
		return nil, Errorf(CodeInUse, "", "the user has %d API keys, as many as are allowed: delete one", maxAPIKeys)
	}
	text := secrets.New(n.Prefix + ".")
	if k.Hash, err = s.peppers.MAC(ctx, t.ID, tenants.APIKeyPurpose, text); err != nil {
		return nil, err
	}
	k.Hint = hint(text)
	details["api_key_id"], details["name"] = k.ID, k.Name
	if err := s.store.CreateAPIKey(ctx, k, s.event(a, t.ID, "user.api_key.create", u.ID, details)); err != nil {
		return nil, refused(err, "user", "")
	}
	return &CreatedAPIKey{APIKey: k, Text: text}, nil
}

// maxKeyPrefix bounds what an API key begins with, in characters.
const maxKeyPrefix = 32

// setAPIKey makes a key that way. An expiry that is set must lie ahead.
func (s *Service) setAPIKey(k *tenants.APIKey, n APIKeySettings, expirySet bool) error {
	if err := checkName("name", n.Name); err != nil {
		return err
	}
	if err := checkCount("scopes", len(n.Scopes)); err != nil {
		return err
	}
	for i, scope := range n.Scopes {
		if !oauth.ValidScope(scope) || len(scope) > maxName || slices.Contains(n.Scopes[:i], scope) {
			return Errorf(CodeInvalid, fmt.Sprintf("scopes[%d]", i), "must be a scope-token of RFC 6749 section 3.3, given once")
		}
	}
	expires := stored(n.ExpiresAt)
	if expirySet && expires != nil && !s.instant().Before(*expires) {
		return Errorf(CodeInvalid, "expires_at", "must be in the future")
	}
	k.Name, k.Scopes, k.ExpiresAt = n.Name, n.Scopes, expires
	return nil
}

// checkScopesKnown holds the scopes of a key to those of the tenant's APIs and of
// the admin API: any other would bound the key to nothing.
func (s *Service) checkScopesKnown(ctx context.Context, tenantID string, scopes []string) error {
	if len(scopes) == 0 {
		return nil
	}
	known := AllScopes()
	for r := (Range{Limit: maxPage}); ; {
		apis, err := s.store.APIs(ctx, tenantID, r)
		if err != nil {
			return err
		}
		for i := range apis {
			for _, scope := range apis[i].Scopes {
				known = append(known, scope.Name)
			}
		}
		if len(apis) < r.Limit {
			break
		}
		r.After = apis[len(apis)-1].Identifier
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for i, scope := range scopes {
		if !known.Has(scope) {
			return Errorf(CodeInvalid, fmt.Sprintf("scopes[%d]", i), "no API of the tenant has %s: allowed are %s", quoted(scope), some(known))
		}
	}
	return nil
}

// APIKeys lists the API keys of a user, oldest first, without their texts; it
// needs users:read.
func (s *Service) APIKeys(ctx context.Context, a Actor, slug, userID string, q Query) (Page[tenants.APIKey], error) {
	t, u, err := s.reachUser(ctx, a, "users:read", slug, userID)
	if err != nil {
		return Page[tenants.APIKey]{}, err
	}
	return list(ctx, s, listing[tenants.APIKey]{
		name: "api-keys", tenantID: t.ID, narrowed: u.ID, key: func(k *tenants.APIKey) string { return k.ID },
		read: func(ctx context.Context, r Range) ([]tenants.APIKey, error) {
			return s.store.APIKeys(ctx, t.ID, u.ID, r)
		},
	}, q)
}

// APIKey returns an API key of a user; it needs users:read.
func (s *Service) APIKey(ctx context.Context, a Actor, slug, userID, keyID string) (*tenants.APIKey, error) {
	t, u, err := s.reachUser(ctx, a, "users:read", slug, userID)
	if err != nil {
		return nil, err
	}
	k, err := s.store.APIKey(ctx, t.ID, u.ID, keyID)
	return k, refused(err, "API key", "")
}

// UpdateAPIKey applies a merge patch to an API key: its name, scopes and expiry.
// It needs users:write and every admin scope that the user has.
func (s *Service) UpdateAPIKey(ctx context.Context, a Actor, slug, userID, keyID string, p Patch) (*tenants.APIKey, error) {
	t, u, err := s.changeUser(ctx, a, slug, userID)
	if err != nil {
		return nil, err
	}
	k, err := s.store.APIKey(ctx, t.ID, u.ID, keyID)
	if err != nil {
		return nil, refused(err, "API key", "")
	}
	m, err := merge(APIKeySettings{Name: k.Name, Scopes: k.Scopes, ExpiresAt: k.ExpiresAt}, k, p, "name")
	if err != nil || len(m.changed) == 0 {
		return k, err
	}
	if m.changes("scopes") {
		if err := s.checkScopesKnown(ctx, t.ID, m.value.Scopes); err != nil {
			return nil, err
		}
	}
	if err := s.setAPIKey(k, m.value, m.changes("expires_at")); err != nil {
		return nil, err
	}
	details := m.details()
	details["api_key_id"] = k.ID
	if err := s.store.UpdateAPIKey(ctx, k, s.event(a, t.ID, "user.api_key.update", u.ID, details)); err != nil {
		return nil, refused(err, "API key", "")
	}
	return k, nil
}

// DeleteAPIKey ends an API key at once. It needs users:write and every admin
// scope that the user has.
func (s *Service) DeleteAPIKey(ctx context.Context, a Actor, slug, userID, keyID string) error {
	t, u, err := s.changeUser(ctx, a, slug, userID)
	if err != nil {
		return err
	}
	k, err := s.store.APIKey(ctx, t.ID, u.ID, keyID)
	if err != nil {
		return refused(err, "API key", "")
	}
	details := map[string]any{"api_key_id": k.ID, "name": k.Name}
	return refused(s.store.DeleteAPIKey(ctx, k, s.event(a, t.ID, "user.api_key.delete", u.ID, details)), "API key", "")
}
