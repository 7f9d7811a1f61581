package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// SpendAssertion takes note that an assertion was used, and stores with that what
// it earned. Of all callers exactly one wins, for as long as the row is kept; the
// others get tenants.ErrExists and store nothing.
func (db *DB) SpendAssertion(ctx context.Context, a tenants.SpentAssertion, earned tenants.Issue) error {
	a.ExpiresAt = stored(a.ExpiresAt)
	return db.write(ctx, func(tx *gorm.DB) error {
		result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&a)
		if result.Error != nil {
			return result.Error
		}
		if result.RowsAffected == 0 {
			return tenants.ErrExists
		}
		return recordIssue(tx, earned)
	})
}

// PurgeSpentAssertions deletes what had expired before an instant and returns
// how much that was.
func (db *DB) PurgeSpentAssertions(ctx context.Context, before time.Time) (int64, error) {
	for total := int64(0); ; {
		var deleted int64
		err := db.write(ctx, func(tx *gorm.DB) error {
			old := tx.Table("spent_assertions").Select("tenant_id, digest").Where("expires_at < ?", stored(before)).Limit(purged)
			result := tx.Where("(tenant_id, digest) IN (?)", old).Delete(&tenants.SpentAssertion{})
			deleted = result.RowsAffected
			return result.Error
		})
		if err != nil {
			return total, err
		}
		total += deleted
		if deleted < purged {
			return total, nil
		}
	}
}
