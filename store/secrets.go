package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// own makes s a secret of that client, as it is stored.
func (db *DB) own(s *tenants.Secret, tenantID, clientID string) {
	s.TenantID, s.ClientID = tenantID, clientID
	if s.CreatedAt.IsZero() {
		s.CreatedAt = db.options.Now()
	}
	s.CreatedAt = stored(s.CreatedAt)
}

// forgetSecrets erases the sealed secrets of a client that does not sign with
// them any more: what is not needed is not kept. Their hashes stay.
func forgetSecrets(tx *gorm.DB, c *tenants.Client) error {
	if c.AuthMethod == oauth.AuthSecretJWT {
		return nil
	}
	return tx.Table(clientSecrets).Where(oneClient+" AND "+notErased, c.TenantID, c.ID).
		Updates(map[string]any{"sealed": nil, "sealed_by": ""}).Error
}

// AddSecret stores one more secret of the client that s names.
func (db *DB) AddSecret(ctx context.Context, s *tenants.Secret, e tenants.AuditEvent) error {
	db.own(s, s.TenantID, s.ClientID)
	return db.change(ctx, e, clientEvent(s.TenantID, s.ClientID), func(tx *gorm.DB) error {
		return tx.Table(clientSecrets).Create(s).Error
	})
}

// RevokeSecret deletes a secret of the client.
func (db *DB) RevokeSecret(ctx context.Context, tenantID, clientID, secretID string, e tenants.AuditEvent) error {
	if !storable(secretID) {
		return tenants.ErrNotFound
	}
	return db.change(ctx, e, clientEvent(tenantID, clientID), func(tx *gorm.DB) error {
		return one(tx.Table(clientSecrets).Where(oneClient+" AND id = ?", tenantID, clientID, secretID).
			Delete(&tenants.Secret{}))
	})
}
