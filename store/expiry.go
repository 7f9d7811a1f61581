package store

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// endings are the tables of what ends at an instant that somebody has set. Each
// has the columns tenant_id and expires_at.
func endings() []ending {
	return []ending{
		{tenants.ClientExpiry, "clients", "client_id", "client_id", "client.expiring"},
		{tenants.ClientSecretExpiry, "client_secrets", "id", "client_id", "client.secret.expiring"},
		{tenants.ClientKeyExpiry, "client_keys", "id", "client_id", "client.key.expiring"},
		{tenants.APIKeyExpiry, "api_keys", "id", "user_id", "api_key.expiring"},
	}
}

type ending struct {
	kind             tenants.ExpiryKind
	table, id, owner string
	action           string // of the audit event
}

// warningRow notes that somebody was told.
type warningRow struct {
	TenantID  string             `gorm:"primaryKey"`
	Kind      tenants.ExpiryKind `gorm:"primaryKey"`
	Thing     string             `gorm:"primaryKey"`
	ExpiresAt time.Time          `gorm:"primaryKey"`
	Days      int                `gorm:"primaryKey"`
}

func (warningRow) TableName() string { return "expiry_warnings" }

// warnedAtOnce bounds how many warnings one transaction stores.
const warnedAtOnce = 200

// WarnOfExpiry records an audit event for everything that ends within 30, 7 or 1
// days and was not warned of within that many days before, whichever node does
// it. What is given another end is warned of anew. It returns what it told of.
func (db *DB) WarnOfExpiry(ctx context.Context, now time.Time) (told []tenants.Expiring, err error) {
	for _, e := range endings() {
		after := now
		for _, days := range slices.Backward(tenants.ExpiryWarnings()) {
			until := now.AddDate(0, 0, days)
			for more := true; more; {
				var some []tenants.Expiring
				if some, more, err = db.warn(ctx, e, days, now, after, until); err != nil {
					return told, err
				}
				told = append(told, some...)
			}
			after = until
		}
	}
	return told, nil
}

// WarnOf records an audit event of that action for one thing that no table holds,
// and reports whether nobody had told of it before.
func (db *DB) WarnOf(ctx context.Context, one tenants.Expiring, action string, now time.Time) (first bool, err error) {
	one.ExpiresAt = stored(one.ExpiresAt)
	err = db.write(ctx, func(tx *gorm.DB) error {
		first, err = db.tell(tx, ending{kind: one.Kind, action: action}, one, now)
		return err
	})
	return first && err == nil, err
}

// warn tells of some that end after one instant and not after another, and
// whether there may be more of them.
func (db *DB) warn(ctx context.Context, e ending, days int, now, after, until time.Time) (told []tenants.Expiring, more bool, err error) {
	err = db.write(ctx, func(tx *gorm.DB) error {
		told = nil
		var due []tenants.Expiring
		untold := "NOT EXISTS (SELECT 1 FROM expiry_warnings AS w WHERE w.tenant_id = t.tenant_id AND w.kind = ? AND w.thing = t." + e.id +
			" AND w.expires_at = t.expires_at AND w.days = ?)"
		if err := tx.Table(e.table+" AS t").
			Select("t.tenant_id, t."+e.id+" AS id, t."+e.owner+" AS owner, t.expires_at").
			Where("t.expires_at > ? AND t.expires_at <= ? AND "+untold, stored(after), stored(until), e.kind, days).
			Order("t.tenant_id, t." + e.id).Limit(warnedAtOnce).Scan(&due).Error; err != nil {
			return err
		}
		more = len(due) == warnedAtOnce
		for _, one := range due {
			one.Kind, one.Days, one.ExpiresAt = e.kind, days, stored(one.ExpiresAt)
			first, err := db.tell(tx, e, one, now)
			if err != nil {
				return err
			}
			if first {
				told = append(told, one)
			}
		}
		return nil
	})
	return told, more, err
}

// tell reports whether nobody else has told of it in the meantime.
func (db *DB) tell(tx *gorm.DB, e ending, one tenants.Expiring, now time.Time) (first bool, err error) {
	result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&warningRow{
		TenantID: one.TenantID, Kind: one.Kind, Thing: one.ID, ExpiresAt: one.ExpiresAt, Days: one.Days,
	})
	if result.Error != nil || result.RowsAffected == 0 {
		return false, result.Error
	}
	id, err := uuid.NewV7()
	if err != nil {
		return false, err
	}
	return true, tx.Create(&tenants.AuditEvent{
		ID: id.String(), TenantID: one.TenantID, At: stored(now), Actor: "system", Action: e.action, Target: one.Owner,
		Details: map[string]any{"id": one.ID, "expires_at": one.ExpiresAt, "within_days": one.Days},
	}).Error
}

// CountExpiring returns how many things of each kind end within how many days
// from now.
func (db *DB) CountExpiring(ctx context.Context, now time.Time) (map[tenants.ExpiryKind]map[int]int64, error) {
	counts := map[tenants.ExpiryKind]map[int]int64{}
	err := db.read(ctx, func(tx *gorm.DB) error {
		for _, e := range endings() {
			counts[e.kind] = map[int]int64{}
			for _, days := range tenants.ExpiryWarnings() {
				var n int64
				if err := tx.Table(e.table).Where("expires_at > ? AND expires_at <= ?", stored(now), stored(now.AddDate(0, 0, days))).Count(&n).Error; err != nil {
					return err
				}
				counts[e.kind][days] = n
			}
		}
		return nil
	})
	return counts, err
}
