package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// usesAtOnce bounds how many uses one transaction stores.
const usesAtOnce = 500

// UseClients notes when clients, their secrets and their keys were last used. It makes no
// event and no new version: what nodes have in memory may show the older time.
func (db *DB) UseClients(ctx context.Context, used map[tenants.ClientUse]time.Time) error {
	// In one order, so that two nodes lock rows in the same.
	list := slices.SortedFunc(maps.Keys(used), func(a, b tenants.ClientUse) int {
		return cmp.Or(cmp.Compare(a.TenantID, b.TenantID), cmp.Compare(a.ClientID, b.ClientID), cmp.Compare(a.SecretID, b.SecretID), cmp.Compare(a.KeyID, b.KeyID))
	})
	for some := range slices.Chunk(list, usesAtOnce) {
		err := db.write(ctx, func(tx *gorm.DB) error {
			for _, use := range some {
				if err := useClient(tx, use, stored(used[use])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func useClient(tx *gorm.DB, use tenants.ClientUse, at time.Time) error {
	const older = " AND (last_used_at IS NULL OR last_used_at < ?)"
	if err := tx.Table("clients").Where(oneClient+older, use.TenantID, use.ClientID, at).UpdateColumn("last_used_at", at).Error; err != nil {
		return err
	}
	for _, proof := range []struct{ table, id string }{{"client_secrets", use.SecretID}, {clientKeys, use.KeyID}} {
		if proof.id == "" {
			continue
		}
		if err := tx.Table(proof.table).Where(oneClient+" AND id = ?"+older, use.TenantID, use.ClientID, proof.id, at).
			UpdateColumn("last_used_at", at).Error; err != nil {
			return err
		}
	}
	return nil
}
