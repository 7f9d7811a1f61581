package admin

import (
	"context"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// TokenRevocation is an order to end access tokens before they expire: of one
// client, of one user (those that speak for it and those by which it acts), one
// by its jti, or all that the tenant has issued. Exactly one must be given.
type TokenRevocation struct {
	ClientID string `json:"client_id"`
	UserID   string `json:"user_id"`
	TokenID  string `json:"jti"`
	All      bool   `json:"all"`
}

// RevokedTokens tells which tokens are dead. No node takes them for good a
// second later, where it is asked by introspection or at this admin API.
type RevokedTokens struct {
	// NotBefore is the instant up to whose second tokens are dead; not given for
	// a single one.
	NotBefore *time.Time `json:"not_before,omitempty"`
	// ExpiresAt is when the last of them would have expired by itself.
	ExpiresAt time.Time `json:"expires_at"`
}

// longestID bounds what is taken for the id of a token.
const longestID = 200

// RevokeTokens ends access tokens at once. It needs clients:write for those of a
// client and for a single one, users:write and every admin scope that the user has
// for those of a user, tenants:write for all.
func (s *Service) RevokeTokens(ctx context.Context, a Actor, slug string, o TokenRevocation) (*RevokedTokens, error) {
	r, scope, err := o.revocation()
	if err != nil {
		return nil, err
	}
	var t *tenants.Tenant
	switch r.Kind {
	case tenants.RevokedClient:
		t, _, err = s.reachClient(ctx, a, scope, slug, r.Key)
	case tenants.RevokedUser:
		t, _, err = s.changeUser(ctx, a, slug, r.Key)
	default:
		t, err = s.reach(ctx, a, scope, slug)
	}
	if err != nil {
		return nil, err
	}
	r.TenantID, r.NotBefore = t.ID, s.instant()
	r.ExpiresAt = r.NotBefore.Add(oauth.MaxTokenLife)
	target := r.Key
	if target == "" {
		target = t.Slug
	}
	event := s.event(a, t.ID, "token.revoke", target, map[string]any{"kind": r.Kind, "not_before": r.NotBefore})
	if err := s.store.Revoke(ctx, r, event); err != nil {
		return nil, err
	}
	done := &RevokedTokens{ExpiresAt: r.ExpiresAt}
	if r.Kind != tenants.RevokedToken {
		done.NotBefore = &r.NotBefore
	}
	return done, nil
}

// revocation returns what the order asks for, and the scope that it needs.
func (o TokenRevocation) revocation() (r tenants.Revocation, scope string, err error) {
	given := 0
	add := func(is bool, kind tenants.RevocationKind, key, needs string) {
		if is {
			given++
			r.Kind, r.Key, scope = kind, key, needs
		}
	}
	add(o.ClientID != "", tenants.RevokedClient, o.ClientID, "clients:write")
	add(o.UserID != "", tenants.RevokedUser, o.UserID, "users:write")
	add(o.TokenID != "", tenants.RevokedToken, o.TokenID, "clients:write")
	add(o.All, tenants.RevokedAll, "", "tenants:write")
	if given != 1 {
		return r, scope, Errorf(CodeInvalid, "", "exactly one of client_id, user_id, jti and all must be given")
	}
	if r.Kind == tenants.RevokedToken && !only(o.TokenID, "._~-", 1, longestID) {
		return r, scope, Errorf(CodeInvalid, "jti", "must be the jti of a token: 1 to %d of A-Z a-z 0-9 . _ ~ -", longestID)
	}
	return r, scope, nil
}
