package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
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

// Uses returns a range of what the key has signed, per client, API and hour: the
// newest hour first, sorted by client and API within it. Its After is a Key, its
// Prefix one of the client_id.
func (db *DB) Uses(ctx context.Context, tenantID, kid string, r admin.Range) ([]tenants.FirstUse, error) {
	uses := []tenants.FirstUse{}
	if !storable(tenantID, kid, r.After) {
		return uses, nil
	}
	err := db.read(ctx, func(tx *gorm.DB) error {
		q := tx.Where("tenant_id = ? AND kid = ?", tenantID, kid)
		if last := strings.SplitN(r.After, " ", 3); len(last) == 3 {
			hour, err := time.Parse(time.RFC3339Nano, last[0])
			if err != nil {
				return err
			}
			// The first condition says nothing new, and lets the index begin there.
			q = q.Where("hour <= ? AND (hour < ? OR (client_id, audience) > (?, ?))", hour, hour, last[1], last[2])
		}
		r.After = ""
		return page(q.Order("hour DESC"), r, "client_id").Order("audience").Find(&uses).Error
	})
	return uses, err
}

// UsesByClient returns each client and API that the key has signed for once,
// sorted, and nothing else of the rows.
func (db *DB) UsesByClient(ctx context.Context, tenantID, kid string) ([]tenants.FirstUse, error) {
	uses := []tenants.FirstUse{}
	if !storable(tenantID, kid) {
		return uses, nil
	}
	err := db.read(ctx, func(tx *gorm.DB) error {
		// Of columns of the primary key alone, so that no row is read.
		return tx.Select("client_id", "audience").Where("tenant_id = ? AND kid = ?", tenantID, kid).
			Group("client_id, audience").Order("client_id, audience").Find(&uses).Error
	})
	return uses, err
}

// hoursAlive is how many of the newest hours can hold the token that expires
// last: its own, those of the longest life, and one for the hour's begin.
const hoursAlive = int(oauth.MaxTokenLife/time.Hour) + 2

// UsesByHour returns the newest hours in which the key has signed, newest first,
// each with the latest of its expiries and for all clients and APIs together. No
// token of an older hour outlives these.
func (db *DB) UsesByHour(ctx context.Context, tenantID, kid string) ([]tenants.FirstUse, error) {
	if !storable(tenantID, kid) {
		return []tenants.FirstUse{}, nil
	}
	var rows []struct {
		Hour         time.Time
		LatestExpiry aggregated
	}
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Model(&tenants.FirstUse{}).Select("hour, MAX(latest_expiry) AS latest_expiry").
			Where("tenant_id = ? AND kid = ?", tenantID, kid).
			Group("hour").Order("hour DESC").Limit(hoursAlive).Scan(&rows).Error
	})
	uses := make([]tenants.FirstUse, len(rows))
	for i, row := range rows {
		uses[i] = tenants.FirstUse{TenantID: tenantID, Kid: kid, Hour: row.Hour, LatestExpiry: time.Time(row.LatestExpiry)}
	}
	return uses, err
}

// aggregated is an instant that SQL made of others: SQLite does not know its type
// and has the integer that it stores.
type aggregated time.Time

// Scan takes what either database has for an instant.
func (a *aggregated) Scan(value any) error {
	switch at := value.(type) {
	case time.Time:
		*a = aggregated(at)
	case int64:
		*a = aggregated(time.UnixMicro(at).UTC())
	default:
		return fmt.Errorf("%T is no instant", value)
	}
	return nil
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
