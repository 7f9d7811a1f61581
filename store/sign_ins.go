package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// attemptRow counts the failures of an account. The row without a source is for
// all sources that the account has not signed in from.
type attemptRow struct {
	TenantID     string `gorm:"primaryKey"`
	Account      string `gorm:"primaryKey"`
	Source       string `gorm:"primaryKey"`
	Failures     int
	BlockedUntil time.Time
	UpdatedAt    time.Time `gorm:"autoUpdateTime:false"`
}

func (attemptRow) TableName() string { return "sign_in_attempts" }

const oneAttempt = "tenant_id = ? AND account = ? AND source = ?"

// TakeAttempt counts an attempt as a failure, before anybody knows, and returns
// 0; or it does not count it and returns how long the account must wait. Of any
// number of attempts at once, on all nodes, tenants.AttemptsAllowed get 0.
//
// Sources that the account has signed in from have a count each: nobody else
// can make them wait.
func (db *DB) TakeAttempt(ctx context.Context, a tenants.Attempt) (wait time.Duration, err error) {
	if !storable(a.TenantID, a.Account, a.Source) {
		return 0, tenants.ErrNotFound
	}
	a.At = stored(a.At)
	err = db.write(ctx, func(tx *gorm.DB) error {
		row, err := lockAttempts(tx, db.path == "", a)
		if err != nil {
			return err
		}
		if wait = row.BlockedUntil.Sub(a.At); wait > 0 {
			return nil
		}
		wait = 0
		if a.At.Sub(row.UpdatedAt) > tenants.FailuresForgotten {
			row.Failures = 0
		}
		row.Failures++
		row.UpdatedAt, row.BlockedUntil = a.At, a.At.Add(tenants.Block(row.Failures))
		// An empty source is a value here, and GORM would leave it out.
		if err := tx.Model(&attemptRow{}).Where(oneAttempt, row.TenantID, row.Account, row.Source).
			Select("failures", "blocked_until", "updated_at").Updates(&row).Error; err != nil {
			return err
		}
		if a.IsUser() && row.Failures >= tenants.AttemptsAllowed {
			return tx.Create(blocked(a, &row)).Error
		}
		return nil
	})
	return wait, err
}

// KnowsSource reports whether the account has signed in from the attempt's source
// and that is not forgotten yet.
func (db *DB) KnowsSource(ctx context.Context, a tenants.Attempt) (known bool, err error) {
	if a.Source == "" || !storable(a.TenantID, a.Account, a.Source) {
		return false, nil
	}
	err = db.read(ctx, func(tx *gorm.DB) error {
		known, err = found(tx.Where(oneAttempt, a.TenantID, a.Account, a.Source).Take(&attemptRow{}).Error)
		return err
	})
	return known, err
}

// lockAttempts returns the row that counts the attempt, held until the commit:
// the one of its source if there is such, else the one of all others, which is
// made if need be.
func lockAttempts(tx *gorm.DB, postgres bool, a tenants.Attempt) (row attemptRow, err error) {
	q := tx
	if postgres { // on SQLite writers run one at a time
		q = q.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	take := func(source string) (bool, error) {
		return found(q.Session(&gorm.Session{}).Where(oneAttempt, a.TenantID, a.Account, source).Take(&row).Error)
	}
	if a.Source != "" {
		if known, err := take(a.Source); known || err != nil {
			return row, err
		}
	}
	fresh := attemptRow{TenantID: a.TenantID, Account: a.Account, BlockedUntil: a.At, UpdatedAt: a.At}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh).Error; err != nil {
		return row, err
	}
	_, err = take("")
	return row, err
}

// blocked tells that an account waits.
func blocked(a tenants.Attempt, row *attemptRow) *tenants.AuditEvent {
	return &tenants.AuditEvent{
		ID: uuid.Must(uuid.NewV7()).String(), TenantID: a.TenantID, At: a.At, Actor: "system", Action: "user.block", Target: a.Account,
		Details:   map[string]any{"failures": row.Failures, "until": row.BlockedUntil, "known_source": row.Source != ""},
		RequestID: a.RequestID, Address: a.Source,
	}
}

// SignedIn forgets the failures that stood in the way of an attempt which was
// right, and remembers its source.
func (db *DB) SignedIn(ctx context.Context, a tenants.Attempt) error {
	a.At = stored(a.At)
	return db.write(ctx, func(tx *gorm.DB) error {
		row := attemptRow{TenantID: a.TenantID, Account: a.Account, Source: a.Source, BlockedUntil: a.At, UpdatedAt: a.At}
		result := tx.Model(&attemptRow{}).Where(oneAttempt, a.TenantID, a.Account, a.Source).
			Updates(map[string]any{"failures": 0, "blocked_until": a.At, "updated_at": a.At})
		if result.Error != nil || result.RowsAffected > 0 {
			return result.Error
		}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return err
		}
		if err := tx.Where(oneAttempt, a.TenantID, a.Account, "").Delete(&attemptRow{}).Error; err != nil {
			return err
		}
		latest := tx.Model(&attemptRow{}).Select("source").Where("tenant_id = ? AND account = ?", a.TenantID, a.Account).
			Order("updated_at DESC, source").Limit(tenants.SourcesKept)
		return tx.Where("tenant_id = ? AND account = ? AND source NOT IN (?)", a.TenantID, a.Account, latest).Delete(&attemptRow{}).Error
	})
}
