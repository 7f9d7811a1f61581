package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// useBatch bounds how many rows one statement writes.
const useBatch = 200

// AddUses adds each Count to its row, and puts off the row's LatestExpiry if the
// given one is later. Several of the same row may be given.
func (db *DB) AddUses(ctx context.Context, uses []tenants.FirstUse) error {
	list := mergeUses(uses)
	if len(list) == 0 {
		return nil
	}
	return db.write(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "tenant_id"}, {Name: "kid"}, {Name: "client_id"}, {Name: "audience"}, {Name: "hour"}},
			DoUpdates: clause.Assignments(map[string]any{
				"count": gorm.Expr("first_uses.count + excluded.count"),
				"latest_expiry": gorm.Expr("CASE WHEN excluded.latest_expiry > first_uses.latest_expiry" +
					" THEN excluded.latest_expiry ELSE first_uses.latest_expiry END"),
			}),
		}).CreateInBatches(&list, useBatch).Error
	})
}

// KeyRevoked reports whether the tenant's key has been revoked.
func (db *DB) KeyRevoked(ctx context.Context, tenantID, kid string) (revoked bool, err error) {
	err = db.read(ctx, func(tx *gorm.DB) error {
		var kids []string
		err := tx.Table(signingKeys).Where("tenant_id = ? AND kid = ? AND revoked_at IS NOT NULL", tenantID, kid).Pluck("kid", &kids).Error
		revoked = len(kids) > 0
		return err
	})
	return revoked, err
}

// Uses returns what the key has signed, per client, API and hour, sorted by hour.
func (db *DB) Uses(ctx context.Context, tenantID, kid string) ([]tenants.FirstUse, error) {
	uses := []tenants.FirstUse{}
	if !storable(tenantID, kid) {
		return uses, nil
	}
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("tenant_id = ? AND kid = ?", tenantID, kid).Order("hour, client_id, audience").Find(&uses).Error
	})
	return uses, err
}

func storedUse(use tenants.FirstUse) tenants.FirstUse {
	use.Hour, use.LatestExpiry = stored(use.Hour), stored(use.LatestExpiry)
	return use
}

// mergeUses makes one of all uses of the same row: a statement may touch a row
// once. They are sorted so that two nodes lock rows in the same order.
func mergeUses(uses []tenants.FirstUse) []tenants.FirstUse {
	type row struct {
		tenantID, kid, clientID, audience string
		hour                              time.Time
	}
	merged := map[row]tenants.FirstUse{}
	for _, use := range uses {
		use = storedUse(use)
		key := row{use.TenantID, use.Kid, use.ClientID, use.Audience, use.Hour}
		if have, ok := merged[key]; ok {
			use.Count += have.Count
			if have.LatestExpiry.After(use.LatestExpiry) {
				use.LatestExpiry = have.LatestExpiry
			}
		}
		merged[key] = use
	}
	list := make([]tenants.FirstUse, 0, len(merged))
	for _, use := range merged {
		list = append(list, use)
	}
	slices.SortFunc(list, func(a, b tenants.FirstUse) int {
		return cmp.Or(cmp.Compare(a.TenantID, b.TenantID), cmp.Compare(a.Kid, b.Kid),
			cmp.Compare(a.ClientID, b.ClientID), cmp.Compare(a.Audience, b.Audience), a.Hour.Compare(b.Hour))
	})
	return list
}
