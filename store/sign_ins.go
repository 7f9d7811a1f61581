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
// all sources that the account has not signed in from. One of these that used up a
// guess between two blocks has a row of its own besides, whose source begins with
// turnMark and whose failures are such guesses; so has its site. They are kept for as
// long as the account is guessed at, and are no more than twice such guesses.
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

// turnMark begins the source of a row that says what an unknown source used up; no
// address begins so.
const turnMark = "!"

// ofStrangers are the rows of an account that are not for a known source; ofTurns
// are those of them that are for one source.
const (
	ofStrangers = "(source = '' OR " + ofTurns + ")"
	ofTurns     = "source LIKE '" + turnMark + "%'"
)

// TakeAttempt counts an attempt as a failure, before anybody knows, and returns
// 0; or it does not count it and returns how long it must wait. Of any number of
// attempts at once, on all nodes, tenants.AttemptsAllowed get 0.
//
// Known sources, which the account has signed in from, have a count each: nobody
// else can make them wait. A known source waits for as long as an unknown one that
// guesses alone. Of the unknown ones those come first that have used up fewer
// guesses, so that no number of them can take every guess that there is.
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
		if a.At.Sub(row.UpdatedAt) > tenants.FailuresForgotten {
			row.Failures = 0
		}
		used, err := usedUp(tx, a, row)
		if err != nil {
			return err
		}
		if wait = max(0, row.BlockedUntil.Add(tenants.Turn(tenants.Block(row.Failures), used)).Sub(a.At)); wait > 0 {
			return nil
		}
		row.Failures++
		block := tenants.Block(row.Failures)
		row.BlockedUntil, row.UpdatedAt = a.At.Add(block), a.At
		if row.Source != "" {
			row.BlockedUntil = a.At.Add(tenants.BlockAlone(row.Failures))
		}
		// An empty source is a value here, and GORM would leave it out.
		if err := tx.Model(&attemptRow{}).Where(oneAttempt, row.TenantID, row.Account, row.Source).
			Select("failures", "blocked_until", "updated_at").Updates(&row).Error; err != nil {
			return err
		}
		if row.Source == "" && row.Failures == 1 { // of another siege than the turns
			if err := tx.Where("tenant_id = ? AND account = ? AND "+ofTurns, a.TenantID, a.Account).Delete(&attemptRow{}).Error; err != nil {
				return err
			}
		}
		if block == 0 {
			return nil
		}
		if row.Source == "" {
			if err := useUp(tx, a); err != nil {
				return err
			}
		}
		if !a.IsUser() {
			return nil
		}
		return tx.Create(blocked(a, &row)).Error
	})
	return wait, err
}

// turnsOf are the sources of the rows that say what the source of an attempt, and
// its site, used up.
func turnsOf(a tenants.Attempt) []string {
	turns := []string{turnMark + a.Source}
	if site := a.Site(); site != "" {
		turns = append(turns, turnMark+site)
	}
	return turns
}

// usedUp returns what was used up by others than those that the account has signed
// in from, as far as it counts for an attempt of which the row is.
func usedUp(tx *gorm.DB, a tenants.Attempt, row attemptRow) (used tenants.Used, err error) {
	if row.Source != "" || tenants.Block(row.Failures) == 0 {
		return used, nil
	}
	turns := turnsOf(a)
	err = tx.Model(&attemptRow{}).
		Select(`COALESCE(MIN(failures), 0) AS least, COALESCE(MAX(CASE source WHEN ? THEN failures END), 0) AS own,
			COALESCE(MAX(CASE source WHEN ? THEN failures END), 0) AS site`, turns[0], turns[len(turns)-1]).
		Where("tenant_id = ? AND account = ? AND "+ofTurns, a.TenantID, a.Account).Scan(&used).Error
	return used, err
}

// useUp notes that an attempt used up a guess.
func useUp(tx *gorm.DB, a tenants.Attempt) error {
	for _, source := range turnsOf(a) {
		turn := attemptRow{TenantID: a.TenantID, Account: a.Account, Source: source, Failures: 1, BlockedUntil: a.At, UpdatedAt: a.At}
		if err := tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "tenant_id"}, {Name: "account"}, {Name: "source"}},
			DoUpdates: clause.Assignments(map[string]any{
				"failures": gorm.Expr("sign_in_attempts.failures + 1"), "updated_at": a.At,
			}),
		}).Create(&turn).Error; err != nil {
			return err
		}
	}
	return nil
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
	for there := false; !there && err == nil; there, err = take("") { // again where it was forgotten in between
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh).Error; err != nil {
			return row, err
		}
	}
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
		stood := tx.Where("tenant_id = ? AND account = ? AND source IN ?", a.TenantID, a.Account, []string{"", turnMark + a.Source})
		if err := stood.Delete(&attemptRow{}).Error; err != nil {
			return err
		}
		const known = "tenant_id = ? AND account = ? AND NOT " + ofStrangers
		latest := tx.Model(&attemptRow{}).Select("source").Where(known, a.TenantID, a.Account).
			Order("updated_at DESC, source").Limit(tenants.SourcesKept)
		return tx.Where(known+" AND source NOT IN (?)", a.TenantID, a.Account, latest).Delete(&attemptRow{}).Error
	})
}

// Unlock ends every wait of the user's.
func (db *DB) Unlock(ctx context.Context, tenantID, userID string, e tenants.AuditEvent) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		if err := forgetFailures(tx, tenantID, userID); err != nil {
			return err
		}
		return tx.Create(&e).Error
	})
}

// forgetFailures has the account wait nowhere. What it has signed in from stays known.
func forgetFailures(tx *gorm.DB, tenantID, userID string) error {
	const account = "tenant_id = ? AND account = ?"
	if err := tx.Where(account+" AND "+ofStrangers, tenantID, userID).Delete(&attemptRow{}).Error; err != nil {
		return err
	}
	return tx.Model(&attemptRow{}).Where(account, tenantID, userID).
		Updates(map[string]any{"failures": 0, "blocked_until": gorm.Expr("updated_at")}).Error
}

// forgetOnChange forgets the failures of a user who is about to get another
// password or status.
func forgetOnChange(tx *gorm.DB, u *tenants.User) error {
	changed, err := found(tx.Model(&userRow{}).Select("1").
		Where(oneUser+" AND (password_hash <> ? OR status <> ?)", u.TenantID, u.ID, u.PasswordHash, u.Status).Take(new(int)).Error)
	if err != nil || !changed {
		return err
	}
	return forgetFailures(tx, u.TenantID, u.ID)
}
