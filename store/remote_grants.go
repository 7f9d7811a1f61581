package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type remoteGrantRow struct {
	tenants.RemoteGrant
	NameFold string
}

func (remoteGrantRow) TableName() string { return "remote_grants" }

func rowOfRemoteGrant(g *tenants.RemoteGrant) remoteGrantRow {
	g.Params = orEmpty(g.Params)
	return remoteGrantRow{RemoteGrant: *g, NameFold: fold(g.Name)}
}

func remoteGrantEvent(tenantID string) feed.Event {
	return feed.Event{TenantID: tenantID, Kind: feed.RemoteGrant}
}

// RemoteGrant returns the tenant's own grant type, by its id or the type
// itself.
func (db *DB) RemoteGrant(ctx context.Context, tenantID, id string) (*tenants.RemoteGrant, error) {
	if !storable(tenantID, id) {
		return nil, tenants.ErrNotFound
	}
	var row remoteGrantRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("tenant_id = ? AND (id = ? OR grant_type = ?)", tenantID, id, id).Take(&row).Error
	})
	if err != nil {
		return nil, err
	}
	return &row.RemoteGrant, nil
}

// RemoteGrants returns a range of the grant types of the tenant's own, sorted by
// grant type.
func (db *DB) RemoteGrants(ctx context.Context, tenantID string, r admin.Range) ([]tenants.RemoteGrant, error) {
	return db.remoteGrants(ctx, func(tx *gorm.DB) *gorm.DB {
		return page(tx.Where("tenant_id = ?", tenantID), r, "grant_type", "name_fold")
	})
}

// RemoteGrantsOf returns all grant types of the tenant's own.
func (db *DB) RemoteGrantsOf(ctx context.Context, tenantID string) ([]tenants.RemoteGrant, error) {
	return db.remoteGrants(ctx, func(tx *gorm.DB) *gorm.DB { return tx.Where("tenant_id = ?", tenantID).Order("grant_type") })
}

func (db *DB) remoteGrants(ctx context.Context, which func(*gorm.DB) *gorm.DB) ([]tenants.RemoteGrant, error) {
	var rows []remoteGrantRow
	err := db.read(ctx, func(tx *gorm.DB) error { return which(tx).Find(&rows).Error })
	list := make([]tenants.RemoteGrant, len(rows))
	for i := range rows {
		list[i] = rows[i].RemoteGrant
	}
	return list, err
}

// CreateRemoteGrant stores a new grant type of a tenant's own.
func (db *DB) CreateRemoteGrant(ctx context.Context, g *tenants.RemoteGrant, e tenants.AuditEvent) error {
	db.stamp(&g.Version, &g.CreatedAt, &g.UpdatedAt)
	row := rowOfRemoteGrant(g)
	return db.change(ctx, e, remoteGrantEvent(g.TenantID), func(tx *gorm.DB) error { return tx.Create(&row).Error })
}

// UpdateRemoteGrant stores everything of g but its grant type.
func (db *DB) UpdateRemoteGrant(ctx context.Context, g *tenants.RemoteGrant, e tenants.AuditEvent) error {
	row := rowOfRemoteGrant(g)
	row.UpdatedAt = db.now()
	err := db.change(ctx, e, remoteGrantEvent(g.TenantID), func(tx *gorm.DB) (err error) {
		if row.Version, err = next(tx.Model(&remoteGrantRow{}).Where(oneUser, g.TenantID, g.ID), g.Version); err != nil {
			return err
		}
		return one(tx.Select("*").Omit("tenant_id", "id", "grant_type", "created_at").Updates(&row))
	})
	if err == nil {
		g.Version, g.UpdatedAt = row.Version, row.UpdatedAt
	}
	return err
}

// DeleteRemoteGrant deletes a grant type of a tenant's own.
func (db *DB) DeleteRemoteGrant(ctx context.Context, g *tenants.RemoteGrant, version int64, e tenants.AuditEvent) error {
	return db.change(ctx, e, remoteGrantEvent(g.TenantID), func(tx *gorm.DB) error {
		if _, err := next(tx.Model(&remoteGrantRow{}).Where(oneUser, g.TenantID, g.ID), version); err != nil {
			return err
		}
		return one(tx.Where(oneUser, g.TenantID, g.ID).Delete(&remoteGrantRow{}))
	})
}
