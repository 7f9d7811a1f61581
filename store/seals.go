package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

const peppers = "peppers"

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

// SealedNotBy returns at most limit things that another master key than
// masterKeyID sealed.
func (db *DB) SealedNotBy(ctx context.Context, masterKeyID string, limit int) ([]keys.SealedRow, error) {
	list := []keys.SealedRow{}
	err := db.read(ctx, func(tx *gorm.DB) error {
		err := tx.Table(peppers).Select("tenant_id, ? AS kind, '' AS id, sealed, sealed_by", keys.KindPepper).
			Where("sealed_by <> ?", masterKeyID).Order("tenant_id").Limit(limit).Find(&list).Error
		if err != nil || len(list) >= limit {
			return err
		}
		var more []keys.SealedRow
		err = tx.Table(signingKeys).Select("tenant_id, ? AS kind, kid AS id, sealed, sealed_by", keys.KindSigningKey).
			Where("sealed_by <> ? AND "+notErased, masterKeyID).Order("tenant_id, kid").Limit(limit - len(list)).Find(&more).Error
		list = append(list, more...)
		return err
	})
	return list, err
}

// Reseal replaces the sealed bytes of row if they are still the stored ones;
// otherwise it returns tenants.ErrStale, and somebody else has replaced or
// deleted them. It counts the version of a key set up, so that nobody saves the
// old bytes back.
func (db *DB) Reseal(ctx context.Context, row keys.SealedRow, sealed []byte, by string) error {
	return db.publish(ctx, keysEvent(row.TenantID), func(tx *gorm.DB) error {
		same := tx.Where("tenant_id = ? AND sealed = ?", row.TenantID, row.Sealed)
		switch row.Kind {
		case keys.KindPepper:
			same = same.Table(peppers)
		case keys.KindSigningKey:
			same = same.Table(signingKeys).Where("kid = ?", row.ID)
		default:
			return fmt.Errorf("resealing: kind %q is neither %q nor %q", row.Kind, keys.KindSigningKey, keys.KindPepper)
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
		for _, table := range []string{signingKeys, peppers} {
			var rows []struct {
				SealedBy string
				Count    int64
			}
			if err := tx.Table(table).Select("sealed_by, count(*) AS count").Where(notErased).Group("sealed_by").Find(&rows).Error; err != nil {
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
