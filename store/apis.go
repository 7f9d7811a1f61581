package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type apiRow struct {
	tenants.API
	NameFold string
}

func (apiRow) TableName() string { return "apis" }

func apiEvent(tenantID, identifier string) feed.Event {
	return feed.Event{TenantID: tenantID, Kind: feed.API, Key: identifier}
}

// API returns the tenant's API of that identifier or id.
func (db *DB) API(ctx context.Context, tenantID, identifier string) (*tenants.API, error) {
	return db.api(ctx, "tenant_id = ? AND (identifier = ? OR id = ?)", tenantID, identifier, identifier)
}

// APIByIdentifier returns the tenant's API of that identifier.
func (db *DB) APIByIdentifier(ctx context.Context, tenantID, identifier string) (*tenants.API, error) {
	return db.api(ctx, "tenant_id = ? AND identifier = ?", tenantID, identifier)
}

func (db *DB) api(ctx context.Context, where string, args ...any) (*tenants.API, error) {
	for _, arg := range args {
		if !storable(arg.(string)) {
			return nil, tenants.ErrNotFound
		}
	}
	var row apiRow
	err := db.read(ctx, func(tx *gorm.DB) error { return tx.Where(where, args...).Clauses(idFirst(args[1])).Take(&row).Error })
	if err != nil {
		return nil, err
	}
	fillAPI(&row.API)
	return &row.API, nil
}

// APIs returns a range of the tenant's APIs, sorted by identifier.
func (db *DB) APIs(ctx context.Context, tenantID string, r admin.Range) ([]tenants.API, error) {
	var rows []apiRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		return page(tx.Where("tenant_id = ?", tenantID), r, "identifier", "name_fold").Find(&rows).Error
	})
	list := make([]tenants.API, len(rows))
	for i := range rows {
		list[i] = rows[i].API
		fillAPI(&list[i])
	}
	return list, err
}

// fillAPI makes lists and maps that are not set empty ones.
func fillAPI(a *tenants.API) {
	a.Scopes = orEmpty(a.Scopes)
	if a.Claims == nil {
		a.Claims = tenants.Claims{}
	}
}

// CreateAPI stores a new API.
func (db *DB) CreateAPI(ctx context.Context, a *tenants.API, e tenants.AuditEvent) error {
	fillAPI(a)
	db.stamp(&a.Version, &a.CreatedAt, &a.UpdatedAt)
	return db.change(ctx, e, apiEvent(a.TenantID, a.Identifier), func(tx *gorm.DB) error {
		if err := tx.Create(&apiRow{API: *a, NameFold: fold(a.Name)}).Error; err != nil {
			return err
		}
		if err := db.tendSoon(tx, a.TenantID); err != nil {
			return err
		}
		return unambiguousAPI(tx, a)
	})
}

// UpdateAPI stores everything of a but its identifier, which clients refer to:
// with another one it is not found.
func (db *DB) UpdateAPI(ctx context.Context, a *tenants.API, e tenants.AuditEvent) error {
	fillAPI(a)
	row := apiRow{API: *a, NameFold: fold(a.Name)}
	row.UpdatedAt = db.now()
	err := db.change(ctx, e, apiEvent(a.TenantID, a.Identifier), func(tx *gorm.DB) (err error) {
		same := tx.Where("tenant_id = ? AND id = ? AND identifier = ?", a.TenantID, a.ID, a.Identifier)
		if row.Version, err = next(same.Session(&gorm.Session{}).Model(&apiRow{}), a.Version); err != nil {
			return err
		}
		if err := one(tx.Select("*").Omit("id", "tenant_id", "identifier", "created_at").Updates(&row)); err != nil {
			return err
		}
		if err := db.tendSoon(tx, a.TenantID); err != nil {
			return err
		}
		return unambiguousAPI(tx, a)
	})
	if err == nil {
		a.Version, a.UpdatedAt = row.Version, row.UpdatedAt
	}
	return err
}

// DeleteAPI deletes the API of that identifier.
func (db *DB) DeleteAPI(ctx context.Context, tenantID, identifier string, version int64, e tenants.AuditEvent) error {
	return db.change(ctx, e, apiEvent(tenantID, identifier), func(tx *gorm.DB) error {
		const where = "tenant_id = ? AND identifier = ?"
		if _, err := next(tx.Model(&apiRow{}).Where(where, tenantID, identifier), version); err != nil {
			return err
		}
		return one(tx.Where(where, tenantID, identifier).Delete(&apiRow{}))
	})
}
