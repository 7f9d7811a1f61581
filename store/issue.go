package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// RecordIssue stores what must be known of a token before it leaves.
func (db *DB) RecordIssue(ctx context.Context, i tenants.Issue) error {
	return db.write(ctx, func(tx *gorm.DB) error { return recordIssue(tx, i) })
}

// recordIssue is RecordIssue as part of a change that also consumes what the
// token was paid with.
func recordIssue(tx *gorm.DB, i tenants.Issue) error {
	if i.Opaque != nil {
		row := *i.Opaque
		row.ExpiresAt = stored(row.ExpiresAt)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
	}
	if i.Refresh != nil {
		if err := startFamily(tx, *i.Refresh); err != nil {
			return err
		}
	}
	if i.Audit == nil {
		return nil
	}
	event := *i.Audit
	event.At = stored(event.At)
	return tx.Create(&event).Error
}
