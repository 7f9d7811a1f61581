package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type apiKeyRow struct {
	tenants.APIKey
	NameFold string
}

func (apiKeyRow) TableName() string { return "api_keys" }

func apiKeyEvent(tenantID string, hash []byte) feed.Event {
	return feed.Event{TenantID: tenantID, Kind: feed.APIKey, Key: tenants.APIKeyEventKey(hash)}
}

const oneAPIKey = "tenant_id = ? AND user_id = ? AND id = ?"

// APIKeyByHash returns the tenant's API key that has the keyed hash.
func (db *DB) APIKeyByHash(ctx context.Context, tenantID string, hash []byte) (*tenants.APIKey, error) {
	return db.apiKey(ctx, "tenant_id = ? AND hash = ?", tenantID, hash)
}

// APIKey returns an API key of the user's.
func (db *DB) APIKey(ctx context.Context, tenantID, userID, keyID string) (*tenants.APIKey, error) {
	if !storable(tenantID, userID, keyID) {
		return nil, tenants.ErrNotFound
	}
	return db.apiKey(ctx, oneAPIKey, tenantID, userID, keyID)
}

func (db *DB) apiKey(ctx context.Context, where string, args ...any) (*tenants.APIKey, error) {
	var row apiKeyRow
	err := db.read(ctx, func(tx *gorm.DB) error { return tx.Where(where, args...).Take(&row).Error })
	if err != nil {
		return nil, err
	}
	return &row.APIKey, nil
}

// APIKeys returns a range of the user's API keys, sorted by id, which is the
// order of their making.
func (db *DB) APIKeys(ctx context.Context, tenantID, userID string, r admin.Range) ([]tenants.APIKey, error) {
	var rows []apiKeyRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		return page(tx.Where("tenant_id = ? AND user_id = ?", tenantID, userID), r, "id", "name_fold").Find(&rows).Error
	})
	list := make([]tenants.APIKey, len(rows))
	for i := range rows {
		list[i] = rows[i].APIKey
	}
	return list, err
}

// CreateAPIKey stores a new API key of the user that it names.
func (db *DB) CreateAPIKey(ctx context.Context, k *tenants.APIKey, e tenants.AuditEvent) error {
	if k.CreatedAt.IsZero() {
		k.CreatedAt = db.options.Now()
	}
	k.CreatedAt = stored(k.CreatedAt)
	return db.change(ctx, e, apiKeyEvent(k.TenantID, k.Hash), func(tx *gorm.DB) error {
		return tx.Create(&apiKeyRow{APIKey: *k, NameFold: fold(k.Name)}).Error
	})
}

// UpdateAPIKey stores the key's name, scopes and expiry.
func (db *DB) UpdateAPIKey(ctx context.Context, k *tenants.APIKey, e tenants.AuditEvent) error {
	row := apiKeyRow{APIKey: *k, NameFold: fold(k.Name)}
	return db.change(ctx, e, apiKeyEvent(k.TenantID, k.Hash), func(tx *gorm.DB) error {
		return one(tx.Model(&apiKeyRow{}).Where(oneAPIKey, k.TenantID, k.UserID, k.ID).
			Select("name", "name_fold", "scopes", "expires_at").Updates(&row))
	})
}

// DeleteAPIKey deletes a key: it works no more, nor do tokens that came of it.
func (db *DB) DeleteAPIKey(ctx context.Context, k *tenants.APIKey, e tenants.AuditEvent) error {
	r := endedGrant(k.TenantID, k.ID, db.at(e))
	return db.changeAll(ctx, e, func(tx *gorm.DB) ([]feed.Event, error) {
		if err := one(tx.Where(oneAPIKey, k.TenantID, k.UserID, k.ID).Delete(&apiKeyRow{})); err != nil {
			return nil, err
		}
		return []feed.Event{apiKeyEvent(k.TenantID, k.Hash), tenants.RevocationEvent(r)}, revoke(tx, r)
	})
}

// UseAPIKeys notes when keys, given by their ids, were last used. It makes no
// event: caches may show the older time.
func (db *DB) UseAPIKeys(ctx context.Context, used map[string]time.Time) error {
	for some := range slices.Chunk(slices.Sorted(maps.Keys(used)), usesAtOnce) {
		err := db.write(ctx, func(tx *gorm.DB) error {
			for _, id := range some {
				at := stored(used[id])
				if err := tx.Model(&apiKeyRow{}).Where("id = ? AND (last_used_at IS NULL OR last_used_at < ?)", id, at).
					UpdateColumn("last_used_at", at).Error; err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
