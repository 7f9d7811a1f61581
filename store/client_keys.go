package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

const clientKeys = "client_keys"

// addKeys reads the keys of clients, whose client_ids lie next to each other in
// their tenant.
func addKeys(tx *gorm.DB, clients []*tenants.Client) error {
	if len(clients) == 0 {
		return nil
	}
	first, last := clients[0], clients[len(clients)-1]
	var list []tenants.ClientKey
	err := tx.Table(clientKeys).Where("tenant_id = ? AND client_id BETWEEN ? AND ?", first.TenantID, first.ID, last.ID).
		Order("created_at, id").Find(&list).Error
	if err != nil {
		return err
	}
	at := make(map[string]*tenants.Client, len(clients))
	for _, c := range clients {
		at[c.ID] = c
	}
	for _, key := range list {
		if c := at[key.ClientID]; c != nil {
			c.Keys = append(c.Keys, key)
		}
	}
	return nil
}

// AddClientKey stores one more key of the client that k names. A key that the
// client has already is tenants.ErrExists.
func (db *DB) AddClientKey(ctx context.Context, k *tenants.ClientKey, e tenants.AuditEvent) error {
	if k.CreatedAt.IsZero() {
		k.CreatedAt = db.options.Now()
	}
	k.CreatedAt = stored(k.CreatedAt)
	for _, at := range []**time.Time{&k.NotBefore, &k.ExpiresAt} {
		if *at != nil {
			exact := stored(**at)
			*at = &exact
		}
	}
	return db.change(ctx, e, clientEvent(k.TenantID, k.ClientID), func(tx *gorm.DB) error {
		return tx.Table(clientKeys).Create(k).Error
	})
}

// RevokeClientKey deletes a key of the client.
func (db *DB) RevokeClientKey(ctx context.Context, tenantID, clientID, keyID string, e tenants.AuditEvent) error {
	if !storable(keyID) {
		return tenants.ErrNotFound
	}
	return db.change(ctx, e, clientEvent(tenantID, clientID), func(tx *gorm.DB) error {
		return one(tx.Table(clientKeys).Where(oneClient+" AND id = ?", tenantID, clientID, keyID).
			Delete(&tenants.ClientKey{}))
	})
}
