package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// OpaqueTokenByHash returns the tenant's opaque access token of that hash, also
// when it has expired.
func (db *DB) OpaqueTokenByHash(ctx context.Context, tenantID string, hash []byte) (*tenants.OpaqueToken, error) {
	var row tenants.OpaqueToken
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("tenant_id = ? AND hash = ?", tenantID, hash).Take(&row).Error
	})
	if err != nil {
		return nil, err
	}
	return &row, nil
}

// RecordIssue stores what must be known of a token before it leaves: the audit
// event and, of an opaque token, its hash and claims; nil for none.
func (db *DB) RecordIssue(ctx context.Context, e *tenants.AuditEvent, o *tenants.OpaqueToken) error {
	return db.write(ctx, func(tx *gorm.DB) error { return recordIssue(tx, e, o) })
}

// recordIssue is RecordIssue as part of a change that also consumes what the
// token was paid with.
func recordIssue(tx *gorm.DB, e *tenants.AuditEvent, o *tenants.OpaqueToken) error {
	if o != nil {
		row := *o
		row.ExpiresAt = stored(row.ExpiresAt)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
	}
	if e == nil {
		return nil
	}
	event := *e
	event.At = stored(event.At)
	return tx.Create(&event).Error
}
