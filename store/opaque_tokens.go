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
