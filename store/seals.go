package store

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

const (
	peppers       = "peppers"
	clientSecrets = "client_secrets"
)

// notErased leaves out keys whose private key is no more.
const notErased = "length(sealed) > 0"

// Pepper returns the tenant's sealed pepper.
func (db *DB) Pepper(ctx context.Context, tenantID string) (keys.SealedPepper, error) {
	var pepper keys.SealedPepper
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Table(peppers).Where("tenant_id = ?", tenantID).Take(&pepper).Error
	})
	return pepper, err
}

// sealedTable is a table with something sealed in it, and the SQL of what its rows
// are named by in their tenant.
type sealedTable struct{ name, kind, id string }

func sealedTables() []sealedTable {
	return []sealedTable{
		{peppers, keys.KindPepper, "''"},
		{signingKeys, keys.KindSigningKey, "kid"},
		{clientSecrets, keys.KindClientSecret, "client_id || '/' || id"},
	}
}

// SealedNotBy returns at most limit things that another master key than
// masterKeyID sealed.
func (db *DB) SealedNotBy(ctx context.Context, masterKeyID string, limit int) ([]keys.SealedRow, error) {
	list := []keys.SealedRow{}
	err := db.read(ctx, func(tx *gorm.DB) error {
		for _, table := range sealedTables() {
			if len(list) >= limit {
				return nil
			}
			var more []keys.SealedRow
			err := tx.Table(table.name).Select("tenant_id, ? AS kind, "+table.id+" AS id, sealed, sealed_by", table.kind).
				Where("sealed_by <> ? AND "+notErased, masterKeyID).Order("tenant_id, 3").Limit(limit - len(list)).Find(&more).Error
			if err != nil {
				return err
			}
			list = append(list, more...)
		}
		return nil
	})
	return list, err
}

// Reseal replaces the sealed bytes of row if they are still the stored ones;
// otherwise it returns tenants.ErrStale, and somebody else has replaced or
// deleted them. It counts the version of a key set up, so that nobody saves the
// old bytes back.
func (db *DB) Reseal(ctx context.Context, row keys.SealedRow, sealed []byte, by string) error {
	event := keysEvent(row.TenantID)
	clientID, secretID, _ := strings.Cut(row.ID, "/")
	if row.Kind == keys.KindClientSecret {
		event = clientEvent(row.TenantID, clientID)
	}
	return db.publish(ctx, event, func(tx *gorm.DB) error {
		same := tx.Where("tenant_id = ? AND sealed = ?", row.TenantID, row.Sealed)
		switch row.Kind {
		case keys.KindPepper:
			same = same.Table(peppers)
		case keys.KindSigningKey:
			same = same.Table(signingKeys).Where("kid = ?", row.ID)
		case keys.KindClientSecret:
			same = same.Table(clientSecrets).Where("client_id = ? AND id = ?", clientID, secretID)
		default:
			return fmt.Errorf("resealing: kind %q is not known here", row.Kind)
		}
		result := same.Updates(map[string]any{"sealed": sealed, "sealed_by": by})
		if result.Error == nil && result.RowsAffected == 0 {
			return tenants.ErrStale
		}
		if result.Error != nil || row.Kind != keys.KindSigningKey {
			return result.Error
		}
		return tx.Model(&setRow{}).Where("tenant_id = ?", row.TenantID).
			Update("version", gorm.Expr("version + 1")).Error
	})
}

// SealedBy counts what each master key has sealed, by its id.
func (db *DB) SealedBy(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	err := db.read(ctx, func(tx *gorm.DB) error {
		for _, table := range sealedTables() {
			var rows []struct {
				SealedBy string
				Count    int64
			}
			if err := tx.Table(table.name).Select("sealed_by, count(*) AS count").Where(notErased).Group("sealed_by").Find(&rows).Error; err != nil {
				return err
			}
			for _, row := range rows {
				counts[row.SealedBy] += row.Count
			}
		}
		return nil
	})
	return counts, err
}
