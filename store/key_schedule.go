package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// dueAt returns when a set is due as it is stored, nil for never.
func dueAt(set keys.Set) *time.Time {
	if set.DueAt.IsZero() {
		return nil
	}
	at := stored(set.DueAt)
	return &at
}

// DueKeySets returns at most limit tenants whose key sets are due by now, the
// longest due first.
func (db *DB) DueKeySets(ctx context.Context, now time.Time, limit int) ([]string, error) {
	var ids []string
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Model(&setRow{}).Where("due_at <= ?", stored(now)).Order("due_at, tenant_id").Limit(limit).Pluck("tenant_id", &ids).Error
	})
	return ids, err
}

// PostponeKeySet stores set.DueAt and nothing else, if the stored version is
// still set.Version; otherwise it returns tenants.ErrStale.
func (db *DB) PostponeKeySet(ctx context.Context, set keys.Set) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		result := tx.Model(&setRow{}).Where("tenant_id = ? AND version = ?", set.TenantID, set.Version).Update("due_at", dueAt(set))
		if result.Error == nil && result.RowsAffected == 0 {
			return tenants.ErrStale
		}
		return result.Error
	})
}

// SigningAlgs returns the algorithms that APIs of the tenant ask for.
func (db *DB) SigningAlgs(ctx context.Context, tenantID string) ([]string, error) {
	var algs []string
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Model(&tenants.API{}).Distinct("signing_alg").Where("tenant_id = ? AND signing_alg <> ?", tenantID, "").Order("signing_alg").Pluck("signing_alg", &algs).Error
	})
	return algs, err
}

// tendSoon makes the tenant's key set due, as part of a change of what its keys
// are planned by. It counts the version up, so that nobody saves a plan that was
// made before, and with it another due_at.
func (db *DB) tendSoon(tx *gorm.DB, tenantID string) error {
	return tx.Model(&setRow{}).Where("tenant_id = ?", tenantID).
		Updates(map[string]any{"version": gorm.Expr("version + 1"), "due_at": db.now()}).Error
}

// KeyAges says how the platform's keys stand.
type KeyAges struct {
	OldestActive time.Time // since when the key signs that does so for longest; zero: no key signs
	NextRotation time.Time // when a published key takes over next; zero: none is planned to
	Overdue      int64     // key sets that are due for longer than a minute
}

// KeyAges returns how the platform's keys stand at now.
func (db *DB) KeyAges(ctx context.Context, now time.Time) (ages KeyAges, err error) {
	now = stored(now)
	err = db.read(ctx, func(tx *gorm.DB) error {
		var oldest keys.Key
		query := tx.Table(signingKeys).Where("active_at <= ? AND (retire_at IS NULL OR retire_at > ?) AND revoked_at IS NULL", now, now)
		if some, err := found(query.Order("active_at").Take(&oldest).Error); err != nil {
			return err
		} else if some {
			ages.OldestActive = oldest.ActiveAt
		}
		var next keys.Key
		query = tx.Table(signingKeys).Where("active_at > ? AND active_at < ? AND (retire_at IS NULL OR retire_at > active_at) AND revoked_at IS NULL", now, stored(keys.Never()))
		if some, err := found(query.Order("active_at").Take(&next).Error); err != nil {
			return err
		} else if some {
			ages.NextRotation = next.ActiveAt
		}
		return tx.Model(&setRow{}).Where("due_at < ?", now.Add(-time.Minute)).Count(&ages.Overdue).Error
	})
	return ages, err
}
