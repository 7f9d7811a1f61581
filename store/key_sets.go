package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

const signingKeys = "signing_keys"

type setRow struct {
	TenantID string `gorm:"primaryKey"`
	Version  int64
	DueAt    *time.Time
}

func (setRow) TableName() string { return "key_sets" }

func keysEvent(tenantID string) feed.Event { return feed.Event{TenantID: tenantID, Kind: feed.Keys} }

// KeySet returns the tenant's set, its keys sorted by active_at, and an empty
// one of version 0 for a tenant without.
func (db *DB) KeySet(ctx context.Context, tenantID string) (keys.Set, error) {
	set := keys.Set{TenantID: tenantID, Keys: []keys.Key{}}
	err := db.read(ctx, func(tx *gorm.DB) error {
		// The version comes first: with keys that are newer the set cannot be
		// saved back.
		var row setRow
		if exists, err := found(tx.Where("tenant_id = ?", tenantID).Take(&row).Error); err != nil || !exists {
			return err
		}
		set.Version = row.Version
		if row.DueAt != nil {
			set.DueAt = *row.DueAt
		}
		return tx.Table(signingKeys).Where("tenant_id = ?", tenantID).Order("active_at, kid").Find(&set.Keys).Error
	})
	for i := range set.Keys {
		if len(set.Keys[i].Sealed) == 0 { // the drivers differ
			set.Keys[i].Sealed = nil
		}
	}
	return set, err
}

// SaveKeySet stores set if the stored version is set.Version, and counts it up;
// otherwise it returns tenants.ErrStale. Keys that set does not hold are deleted.
// A key without Sealed has had its private key erased.
func (db *DB) SaveKeySet(ctx context.Context, set keys.Set, e tenants.AuditEvent) error {
	kids := make([]string, len(set.Keys))
	list := make([]keys.Key, len(set.Keys))
	for i, key := range set.Keys {
		key.TenantID = set.TenantID
		key.Sealed = orEmpty(key.Sealed) // erased
		kids[i], list[i] = key.Kid, key
	}
	return db.change(ctx, e, keysEvent(set.TenantID), func(tx *gorm.DB) error {
		if err := saveVersion(tx, set); err != nil {
			return err
		}
		gone := tx.Table(signingKeys).Where("tenant_id = ?", set.TenantID)
		if len(kids) > 0 {
			gone = gone.Where("kid NOT IN ?", kids)
		}
		if err := gone.Delete(&keys.Key{}).Error; err != nil || len(list) == 0 {
			return err
		}
		return tx.Table(signingKeys).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "tenant_id"}, {Name: "kid"}},
			UpdateAll: true,
		}).Create(&list).Error
	})
}

// saveVersion counts the set's version up from the one that the caller saw.
func saveVersion(tx *gorm.DB, set keys.Set) error {
	var result *gorm.DB
	if set.Version == 0 {
		result = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&setRow{TenantID: set.TenantID, Version: 1, DueAt: dueAt(set)})
	} else {
		result = tx.Model(&setRow{}).Where("tenant_id = ? AND version = ?", set.TenantID, set.Version).
			Updates(map[string]any{"version": set.Version + 1, "due_at": dueAt(set)})
	}
	if result.Error == nil && result.RowsAffected == 0 {
		return tenants.ErrStale
	}
	return result.Error
}
