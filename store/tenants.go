package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type tenantRow struct {
	tenants.Tenant
	NameFold string
}

func (tenantRow) TableName() string { return "tenants" }

// hostRow is one host name of a tenant; Position 0 is the canonical one.
type hostRow struct {
	Host     string `gorm:"primaryKey"`
	TenantID string
	Position int
}

func (hostRow) TableName() string { return "tenant_hosts" }

func tenantEvent(id string) feed.Event {
	return feed.Event{TenantID: id, Kind: feed.Tenant, Key: id}
}

// Tenant returns the tenant of that slug.
func (db *DB) Tenant(ctx context.Context, slug string) (*tenants.Tenant, error) {
	return db.tenantBy(ctx, "slug", slug)
}

// TenantByID returns the tenant of that id.
func (db *DB) TenantByID(ctx context.Context, id string) (*tenants.Tenant, error) {
	return db.tenantBy(ctx, "id", id)
}

func (db *DB) tenantBy(ctx context.Context, column, value string) (*tenants.Tenant, error) {
	if !storable(value) {
		return nil, tenants.ErrNotFound
	}
	rows := make([]tenantRow, 1)
	err := db.read(ctx, func(tx *gorm.DB) error {
		if err := tx.Where(column+" = ?", value).Take(&rows[0]).Error; err != nil {
			return err
		}
		return addHosts(tx, rows)
	})
	if err != nil {
		return nil, err
	}
	return &rows[0].Tenant, nil
}

// Tenants returns a range of all tenants, sorted by slug.
func (db *DB) Tenants(ctx context.Context, r admin.Range) ([]tenants.Tenant, error) {
	var rows []tenantRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		if err := page(tx, r, "slug", "name_fold").Find(&rows).Error; err != nil {
			return err
		}
		return addHosts(tx, rows)
	})
	list := make([]tenants.Tenant, len(rows))
	for i := range rows {
		list[i] = rows[i].Tenant
	}
	return list, err
}

// addHosts completes rows that were read. It comes second: hosts that are newer
// than their tenant cannot be saved back, as its version is then old.
func addHosts(tx *gorm.DB, rows []tenantRow) error {
	ids := make([]string, len(rows))
	at := make(map[string]*tenantRow, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
		at[rows[i].ID] = &rows[i]
		fillTenant(&rows[i].Tenant)
	}
	if len(rows) == 0 {
		return nil
	}
	var hosts []hostRow
	if err := tx.Where("tenant_id IN ?", ids).Order("tenant_id, position").Find(&hosts).Error; err != nil {
		return err
	}
	for _, h := range hosts {
		at[h.TenantID].Hosts = append(at[h.TenantID].Hosts, h.Host)
	}
	return nil
}

// fillTenant makes lists that are not set empty ones.
func fillTenant(t *tenants.Tenant) {
	t.Hosts = orEmpty(t.Hosts)
	t.Dialects = orEmpty(t.Dialects)
	if t.DialectSettings == nil {
		t.DialectSettings = map[string]map[string]string{}
	}
}

func orEmpty[E any, S ~[]E](s S) S {
	if s == nil {
		return S{}
	}
	return s
}

// CreateTenant stores a new tenant with its pepper and the clients that stand
// in for its dialects.
func (db *DB) CreateTenant(ctx context.Context, t *tenants.Tenant, pepper keys.SealedPepper, e tenants.AuditEvent, standIns ...*tenants.Client) error {
	fillTenant(t)
	db.stamp(&t.Version, &t.CreatedAt, &t.UpdatedAt)
	pepper.TenantID = t.ID
	return db.change(ctx, e, tenantEvent(t.ID), func(tx *gorm.DB) error {
		if err := tx.Create(&tenantRow{Tenant: *t, NameFold: fold(t.Name)}).Error; err != nil {
			return err
		}
		if err := createHosts(tx, t); err != nil {
			return err
		}
		if err := tx.Table("peppers").Create(&pepper).Error; err != nil {
			return err
		}
		return db.createStandIns(tx, standIns)
	})
}

// stamp sets what a new row has: version 1 and its times, unless given.
func (db *DB) stamp(version *int64, created, updated *time.Time) {
	*version = 1
	if created.IsZero() {
		*created = db.options.Now()
	}
	*created = stored(*created)
	*updated = *created
}

func createHosts(tx *gorm.DB, t *tenants.Tenant) error {
	for i, host := range t.Hosts {
		if err := tx.Create(&hostRow{Host: host, TenantID: t.ID, Position: i}).Error; err != nil {
			return err
		}
	}
	return nil
}

// UpdateTenant stores everything of t but its issuer, which is fixed, and the
// clients that stand in for its dialects, if they are not there. Users that
// could sign in by the same e-mail address are a *tenants.TakenError.
func (db *DB) UpdateTenant(ctx context.Context, t *tenants.Tenant, e tenants.AuditEvent, standIns ...*tenants.Client) error {
	fillTenant(t)
	row := tenantRow{Tenant: *t, NameFold: fold(t.Name)}
	row.UpdatedAt = db.now()
	err := db.change(ctx, e, tenantEvent(t.ID), func(tx *gorm.DB) (err error) {
		if row.Version, err = next(tx.Model(&tenantRow{}).Where("id = ?", t.ID), t.Version); err != nil {
			return err
		}
		if err := distinctLogins(tx, t); err != nil {
			return err
		}
		if err := one(tx.Select("*").Omit("id", "issuer", "created_at").Updates(&row)); err != nil {
			return err
		}
		if err := tx.Where("tenant_id = ?", t.ID).Delete(&hostRow{}).Error; err != nil {
			return err
		}
		if err := createHosts(tx, t); err != nil {
			return err
		}
		if err := db.createStandIns(tx, standIns); err != nil {
			return err
		}
		return db.tendSoon(tx, t.ID)
	})
	if err == nil {
		t.Version, t.UpdatedAt = row.Version, row.UpdatedAt
	}
	return err
}

// DeleteTenant deletes the tenant and everything that it owns but its audit
// events and what says which key signed for whom.
func (db *DB) DeleteTenant(ctx context.Context, id string, version int64, e tenants.AuditEvent) error {
	return db.change(ctx, e, tenantEvent(id), func(tx *gorm.DB) error {
		if _, err := next(tx.Model(&tenantRow{}).Where("id = ?", id), version); err != nil {
			return err
		}
		if err := db.cutOff(tx, id, "", ""); err != nil {
			return err
		}
		return one(tx.Where("id = ?", id).Delete(&tenantRow{}))
	})
}

// Empty reports whether there is no tenant yet.
func (db *DB) Empty(ctx context.Context) (bool, error) {
	any := false
	err := db.read(ctx, func(tx *gorm.DB) (err error) {
		var id string
		any, err = found(tx.Model(&tenantRow{}).Select("id").Take(&id).Error)
		return err
	})
	return err == nil && !any, err
}
