package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// AddLegacyUses adds each Count to its row and brings the row's LastUsedAt up
// to date. Each row may be given once. What concerns clients that are gone is
// passed over.
func (db *DB) AddLegacyUses(ctx context.Context, uses []tenants.LegacyUse) error {
	list := slices.Clone(uses)
	for i := range list {
		list[i].FirstUsedAt, list[i].LastUsedAt = stored(list[i].FirstUsedAt), stored(list[i].LastUsedAt)
	}
	slices.SortFunc(list, func(a, b tenants.LegacyUse) int { // two nodes lock rows in the same order
		return cmp.Or(cmp.Compare(a.TenantID, b.TenantID), cmp.Compare(a.ClientID, b.ClientID),
			cmp.Compare(a.Dialect, b.Dialect), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Path, b.Path))
	})
	for batch := range slices.Chunk(list, useBatch) {
		if err := db.write(ctx, func(tx *gorm.DB) error { return addLegacyUses(tx, batch) }); err != nil {
			return err
		}
	}
	return nil
}

func addLegacyUses(tx *gorm.DB, batch []tenants.LegacyUse) error {
	there, err := clientsOf(tx, batch)
	if err != nil {
		return err
	}
	known := slices.DeleteFunc(slices.Clone(batch), func(u tenants.LegacyUse) bool { return !there[[2]string{u.TenantID, u.ClientID}] })
	if len(known) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "tenant_id"}, {Name: "client_id"}, {Name: "dialect"}, {Name: "method"}, {Name: "path"}},
		DoUpdates: clause.Assignments(map[string]any{
			"count": gorm.Expr("legacy_uses.count + excluded.count"),
			"last_used_at": gorm.Expr("CASE WHEN excluded.last_used_at > legacy_uses.last_used_at" +
				" THEN excluded.last_used_at ELSE legacy_uses.last_used_at END"),
		}),
	}).Create(&known).Error
}

// clientsOf returns which of the uses' clients there are.
func clientsOf(tx *gorm.DB, uses []tenants.LegacyUse) (map[[2]string]bool, error) {
	pairs := make([][]any, len(uses))
	for i, u := range uses {
		pairs[i] = []any{u.TenantID, u.ClientID}
	}
	var rows []struct{ TenantID, ClientID string }
	err := tx.Table("clients").Select("tenant_id", "client_id").Where("(tenant_id, client_id) IN ?", pairs).Find(&rows).Error
	there := make(map[[2]string]bool, len(rows))
	for _, row := range rows {
		there[[2]string{row.TenantID, row.ClientID}] = true
	}
	return there, err
}

// LegacyUses returns a range of which clients of the tenant use endpoints of
// dialects, sorted by Key. Its Prefix is one of the client_id.
func (db *DB) LegacyUses(ctx context.Context, tenantID string, r admin.Range) ([]tenants.LegacyUse, error) {
	uses := []tenants.LegacyUse{}
	err := db.read(ctx, func(tx *gorm.DB) error {
		q := tx.Where("tenant_id = ?", tenantID)
		if last := strings.SplitN(r.After, " ", 4); len(last) == 4 {
			q = q.Where("(client_id, dialect, method, path) > (?, ?, ?, ?)", last[0], last[1], last[2], last[3])
		}
		r.After = ""
		return page(q, r, "client_id").Order("dialect, method, path").Find(&uses).Error
	})
	return uses, err
}
