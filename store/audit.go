package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Record stores an audit event that belongs to no other change.
func (db *DB) Record(ctx context.Context, e tenants.AuditEvent) error {
	e.At = stored(e.At)
	return db.write(ctx, func(tx *gorm.DB) error { return tx.Create(&e).Error })
}

// AuditEvents returns a range of what happened to the tenant since an instant,
// newest first. A prefix is looked for in action and target.
func (db *DB) AuditEvents(ctx context.Context, tenantID string, r admin.Range, since time.Time) ([]tenants.AuditEvent, error) {
	events := []tenants.AuditEvent{}
	if !storable(tenantID, r.After, r.Prefix) {
		return events, nil
	}
	err := db.read(ctx, func(tx *gorm.DB) error {
		q := tx.Where("tenant_id = ?", tenantID)
		if !since.IsZero() {
			q = q.Where("at >= ?", stored(since))
		}
		if r.Prefix != "" {
			pattern := likePrefix(fold(r.Prefix))
			q = q.Where(`(lower(action) LIKE ? ESCAPE '\' OR lower(target) LIKE ? ESCAPE '\')`, pattern, pattern)
		}
		if r.After != "" {
			q = q.Where("id < ?", r.After)
		}
		if r.Limit > 0 {
			q = q.Limit(r.Limit)
		}
		return q.Order("id DESC").Find(&events).Error
	})
	return events, err
}
