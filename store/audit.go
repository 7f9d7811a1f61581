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
	if !storable(tenantID) {
		return []tenants.AuditEvent{}, nil
	}
	return db.auditEvents(ctx, r, since, func(q *gorm.DB) *gorm.DB { return q.Where("tenant_id = ?", tenantID) })
}

// AllAuditEvents is AuditEvents of all tenants together, also of those that have
// been deleted.
func (db *DB) AllAuditEvents(ctx context.Context, r admin.Range, since time.Time) ([]tenants.AuditEvent, error) {
	return db.auditEvents(ctx, r, since, func(q *gorm.DB) *gorm.DB { return q })
}

func (db *DB) auditEvents(ctx context.Context, r admin.Range, since time.Time, of func(*gorm.DB) *gorm.DB) ([]tenants.AuditEvent, error) {
	events := []tenants.AuditEvent{}
	if !storable(r.After, r.Prefix) {
		return events, nil
	}
	err := db.read(ctx, func(tx *gorm.DB) error {
		q := of(tx)
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
