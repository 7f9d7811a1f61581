package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

type deviceRow struct{ tenants.DeviceCode }

func (deviceRow) TableName() string { return "device_codes" }

// CreateDeviceCode stores a new request. A user code that another request of the
// tenant's has is tenants.ErrExists.
func (db *DB) CreateDeviceCode(ctx context.Context, d *tenants.DeviceCode) error {
	d.CreatedAt, d.ExpiresAt = stored(d.CreatedAt), stored(d.ExpiresAt)
	return db.write(ctx, func(tx *gorm.DB) error { return tx.Create(&deviceRow{*d}).Error })
}

// lockDevice returns a request of the tenant's, held until the commit.
func (db *DB) lockDevice(tx *gorm.DB, where string, args ...any) (*deviceRow, error) {
	if db.path == "" { // on SQLite writers run one at a time
		tx = tx.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	var row deviceRow
	return &row, tx.Where(where, args...).Take(&row).Error
}

// PollDevice returns the request of that device_code, which must be the
// client's, and notes that it was asked for. early says that a pending one was
// polled before its interval was over, which is then longer.
func (db *DB) PollDevice(ctx context.Context, tenantID, clientID string, hash []byte, now time.Time) (d *tenants.DeviceCode, early bool, err error) {
	if !storable(tenantID, clientID) {
		return nil, false, tenants.ErrNotFound
	}
	now = stored(now)
	err = db.write(ctx, func(tx *gorm.DB) error {
		row, err := db.lockDevice(tx, "tenant_id = ? AND client_id = ? AND hash = ?", tenantID, clientID, hash)
		if err != nil {
			return err
		}
		d, early = &row.DeviceCode, false
		if d.Status != tenants.DevicePending || d.Expired(now) {
			return nil
		}
		if d.PolledAt != nil && now.Sub(*d.PolledAt) < time.Duration(d.Wait)*time.Second {
			early = true
			d.Wait += int(tenants.DeviceInterval / time.Second)
		}
		d.PolledAt = &now
		return tx.Model(&deviceRow{}).Where("id = ?", d.ID).UpdateColumns(map[string]any{"wait": d.Wait, "polled_at": now}).Error
	})
	return d, early, err
}

// SpendDeviceCode uses an approved request up and stores what was given for it.
// Exactly one caller wins; the others get tenants.ErrNotFound.
func (db *DB) SpendDeviceCode(ctx context.Context, tenantID, id string, i tenants.Issue) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		if err := one(tx.Model(&deviceRow{}).Where("tenant_id = ? AND id = ? AND status = ?", tenantID, id, tenants.DeviceApproved).
			UpdateColumn("status", tenants.DeviceSpent)); err != nil {
			return err
		}
		return recordIssue(tx, i)
	})
}

// EnterUserCode returns the pending request of that user code and binds it to
// the session in which it was entered first. One that is bound to a session of
// another user's is tenants.ErrNotFound, as is one that has ended.
func (db *DB) EnterUserCode(ctx context.Context, s *tenants.Session, hash []byte, now time.Time) (d *tenants.DeviceCode, err error) {
	err = db.write(ctx, func(tx *gorm.DB) error {
		row, err := db.lockDevice(tx, "tenant_id = ? AND user_code_hash = ?", s.TenantID, hash)
		if err != nil {
			return err
		}
		d = &row.DeviceCode
		if d.Status != tenants.DevicePending || d.Expired(now) || d.UserID != "" && d.UserID != s.UserID {
			return tenants.ErrNotFound
		}
		d.SessionID, d.UserID = s.ID, s.UserID
		return tx.Model(&deviceRow{}).Where("id = ?", d.ID).UpdateColumns(map[string]any{"session_id": s.ID, "user_id": s.UserID}).Error
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// DecideDevice approves or denies a pending request, once, and only in the
// session in which its user code was entered; else it is tenants.ErrNotFound.
func (db *DB) DecideDevice(ctx context.Context, s *tenants.Session, id string, status tenants.DeviceStatus, now time.Time, e tenants.AuditEvent) error {
	if !storable(id) {
		return tenants.ErrNotFound
	}
	return db.write(ctx, func(tx *gorm.DB) error {
		if err := one(tx.Model(&deviceRow{}).
			Where("tenant_id = ? AND id = ? AND session_id = ? AND user_id = ? AND status = ? AND expires_at > ?",
				s.TenantID, id, s.ID, s.UserID, tenants.DevicePending, stored(now)).
			UpdateColumns(map[string]any{"status": status, "signed_in_at": s.CreatedAt})); err != nil {
			return err
		}
		return tx.Create(&e).Error
	})
}

// endDevices denies those of the requests that have no token yet.
func endDevices(which *gorm.DB) error {
	return which.Model(&deviceRow{}).Where("status IN ?", []tenants.DeviceStatus{tenants.DevicePending, tenants.DeviceApproved}).
		UpdateColumn("status", tenants.DeviceDenied).Error
}

// guessRow counts the wrong user codes of a session or an address.
type guessRow struct {
	TenantID  string `gorm:"primaryKey"`
	Source    string `gorm:"primaryKey"`
	Failures  int
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"`
}

func (guessRow) TableName() string { return "device_guesses" }

const oneGuess = "tenant_id = ? AND source = ?"

// errMany rolls a count back that would be too high.
var errMany = errors.New("too many user codes")

// TakeGuess counts a user code as wrong for each of the sources, before anybody
// knows, and returns 0; or it counts none and returns how long they must wait.
// Of any number of guesses at once, on all nodes, tenants.DeviceGuesses get 0.
func (db *DB) TakeGuess(ctx context.Context, tenantID string, sources []string, now time.Time) (wait time.Duration, err error) {
	now = stored(now)
	err = db.write(ctx, func(tx *gorm.DB) error {
		wait = 0
		for _, source := range sources {
			row := guessRow{TenantID: tenantID, Source: source, UpdatedAt: now}
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
				return err
			}
			q := tx
			if db.path == "" {
				q = q.Clauses(clause.Locking{Strength: "UPDATE"})
			}
			if err := q.Where(oneGuess, tenantID, source).Take(&row).Error; err != nil {
				return err
			}
			if now.Sub(row.UpdatedAt) >= tenants.DeviceGuessesAfter {
				row.Failures = 0
			}
			if row.Failures >= tenants.DeviceGuesses {
				wait = row.UpdatedAt.Add(tenants.DeviceGuessesAfter).Sub(now)
				return errMany
			}
			if err := tx.Model(&guessRow{}).Where(oneGuess, tenantID, source).
				UpdateColumns(map[string]any{"failures": row.Failures + 1, "updated_at": now}).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errMany) {
		return wait, nil
	}
	return 0, err
}

// GuessedRight takes back what TakeGuess counted.
func (db *DB) GuessedRight(ctx context.Context, tenantID string, sources []string) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&guessRow{}).Where("tenant_id = ? AND source IN ? AND failures > 0", tenantID, sources).
			UpdateColumn("failures", gorm.Expr("failures - 1")).Error
	})
}
