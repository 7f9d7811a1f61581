package store

import (
	"context"

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

// AssertionSpent reports whether SpendAssertion has stored a, and that is kept.
func (db *DB) AssertionSpent(ctx context.Context, a tenants.SpentAssertion) (spent bool, err error) {
	err = db.read(ctx, func(tx *gorm.DB) error {
		spent, err = found(tx.Model(&a).Select("1").Where("tenant_id = ? AND digest = ?", a.TenantID, a.Digest).Take(new(int)).Error)
		return err
	})
	return spent, err
}
