package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Revocations returns those of the tenant that were not purged yet.
func (db *DB) Revocations(ctx context.Context, tenantID string) ([]tenants.Revocation, error) {
	list := []tenants.Revocation{}
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("tenant_id = ?", tenantID).Order("kind, key").Find(&list).Error
	})
	return list, err
}

// Revoke ends access tokens, and refresh tokens with those of a client, a user or
// the tenant. Given again, for a later instant, it ends those that were issued
// since; for an earlier one it changes nothing of access tokens.
func (db *DB) Revoke(ctx context.Context, r tenants.Revocation, e tenants.AuditEvent) error {
	return db.changeAll(ctx, e, func(tx *gorm.DB) ([]feed.Event, error) {
		r := r // as it was given, whenever it is tried again
		if slices.Contains(byInstant(), r.Kind) {
			later, err := overtaking(tx, r.TenantID, r.NotBefore)
			if err != nil {
				return nil, err
			}
			r.NotBefore, r.ExpiresAt = later, r.ExpiresAt.Add(later.Sub(r.NotBefore))
		}
		if err := db.cutOffBy(tx, r); err != nil {
			return nil, err
		}
		return []feed.Event{tenants.RevocationEvent(r)}, revoke(tx, r)
	})
}

// byInstant are the kinds of revocations of what was issued before an instant.
func byInstant() []tenants.RevocationKind {
	return []tenants.RevocationKind{tenants.RevokedClient, tenants.RevokedUser, tenants.RevokedAll}
}

// overtakes bounds how far ahead of the clock revocations get that follow each
// other at once.
const overtakes = 5 * time.Second

// overtaking returns the instant of a revocation: a later second where another one
// of the tenant's was for this second, as what was issued between the two has an
// iat in the second after the first.
func overtaking(tx *gorm.DB, tenantID string, at time.Time) (time.Time, error) {
	second := stored(at).Truncate(time.Second)
	var last tenants.Revocation
	before, err := found(tx.Where("tenant_id = ? AND kind IN ? AND not_before >= ? AND not_before < ?", tenantID, byInstant(), second, second.Add(overtakes)).
		Order("not_before DESC").Take(&last).Error)
	if err != nil || !before {
		return at, err
	}
	return last.NotBefore.Truncate(time.Second).Add(time.Second), nil
}

// endTokens ends all tokens that were issued to a client or speak for one of some
// subjects, as part of a change that deletes them: whoever gets the same id in the
// same second does not inherit them. It returns the event that tells of it.
func endTokens(tx *gorm.DB, tenantID string, at time.Time, clientID string, subjects ...string) (feed.Event, error) {
	at, err := overtaking(tx, tenantID, at)
	if err != nil {
		return feed.Event{}, err
	}
	var list []tenants.Revocation
	add := func(kind tenants.RevocationKind, key string) {
		list = append(list, tenants.Revocation{TenantID: tenantID, Kind: kind, Key: key, NotBefore: at, ExpiresAt: at.Add(oauth.MaxTokenLife)})
	}
	if clientID != "" {
		add(tenants.RevokedClient, clientID)
	}
	for _, id := range subjects {
		add(tenants.RevokedUser, id)
	}
	return tenants.RevocationEvent(list...), revoke(tx, list...)
}

// revoke stores revocations as part of a change whose event is
// tenants.RevocationEvent of the same.
func revoke(tx *gorm.DB, list ...tenants.Revocation) error {
	for i := range list {
		list[i].NotBefore, list[i].ExpiresAt = stored(list[i].NotBefore), stored(list[i].ExpiresAt)
	}
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "tenant_id"}, {Name: "kind"}, {Name: "key"}},
		DoUpdates: clause.Assignments(map[string]any{
			"not_before": later("revocations", "not_before"),
			"expires_at": later("revocations", "expires_at"),
		}),
	}).Create(&list).Error
}

// later is the later one of a stored instant and the one that was to be stored.
func later(table, column string) clause.Expr {
	return gorm.Expr("CASE WHEN excluded." + column + " > " + table + "." + column +
		" THEN excluded." + column + " ELSE " + table + "." + column + " END")
}
