package tenants

import (
	"context"
	"time"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// Revoked reports whether a token of the tenant was revoked: itself, or with
// all that its client, its user or the tenant had at an instant.
func (d *Directory) Revoked(ctx context.Context, tenantID string, t IssuedToken) (bool, error) {
	r, err := d.revocations(ctx, tenantID)
	if err != nil {
		return false, err
	}
	return r.holds(t), nil
}

// NotBefore returns the last second (since the epoch) whose tokens of the client
// for these subjects are revoked, 0 for none: a token that is issued now must
// say a later one.
func (d *Directory) NotBefore(ctx context.Context, tenantID, clientID string, subjects ...string) (int64, error) {
	r, err := d.revocations(ctx, tenantID)
	if err != nil {
		return 0, err
	}
	return r.notBefore(clientID, subjects), nil
}

func (d *Directory) revocations(ctx context.Context, tenantID string) (*revoked, error) {
	return get(ctx, d.revoked, tenantID, func(ctx context.Context) (*revoked, error) {
		list, err := d.source.Revocations(ctx, tenantID)
		return newRevoked(list), err
	})
}

// OpaqueToken returns the tenant's opaque access token of that hash. It may have
// expired.
func (d *Directory) OpaqueToken(ctx context.Context, tenantID string, hash []byte) (*OpaqueToken, error) {
	return get(ctx, d.opaque, owned{tenantID, string(hash)}, func(ctx context.Context) (*OpaqueToken, error) {
		return d.source.OpaqueTokenByHash(ctx, tenantID, hash)
	})
}

// applyRevocation adds a revocation to what is kept of its tenant's.
func (d *Directory) applyRevocation(e feed.Event) {
	if list, ok := readEndings(e.Key); ok {
		d.revoked.Amend(e.TenantID, func(r *revoked) { r.add(list) })
		return
	}
	d.revoked.Drop(e.TenantID)
}

// ForgetRevocations drops from memory what ends no token any more: tokens that
// expired before an instant, where no token lives longer than longest.
func (d *Directory) ForgetRevocations(before time.Time, longest time.Duration) {
	d.revoked.Each(func(r *revoked) { r.forget(before, longest) })
}
