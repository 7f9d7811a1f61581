package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type sessionRow struct{ tenants.Session }

func (sessionRow) TableName() string { return "sessions" }

const ofUser = "tenant_id = ? AND user_id = ?"

// CreateSession stores a new session and deletes the one whose place it takes,
// given by its hash, nil for none. It is tenants.ErrNotFound where the user got
// another password, was deleted or was cut off since the session's Epoch.
func (db *DB) CreateSession(ctx context.Context, s *tenants.Session, replaced []byte, e tenants.AuditEvent) error {
	s.CreatedAt, s.SeenAt, s.ExpiresAt = stored(s.CreatedAt), stored(s.SeenAt), stored(s.ExpiresAt)
	return db.write(ctx, func(tx *gorm.DB) error {
		if err := db.sinceEpoch(tx, s); err != nil {
			return err
		}
		if replaced != nil {
			if err := tx.Where("tenant_id = ? AND hash = ?", s.TenantID, replaced).Delete(&sessionRow{}).Error; err != nil {
				return err
			}
		}
		if err := tx.Create(&sessionRow{*s}).Error; err != nil {
			return err
		}
		return tx.Create(&e).Error
	})
}

// sinceEpoch refuses a session whose user was cut off since its Epoch. Until the
// commit no change is made that could do so: on PostgreSQL who creates sessions
// shares a lock that changes need for themselves.
func (db *DB) sinceEpoch(tx *gorm.DB, s *tenants.Session) error {
	if db.path == "" {
		if err := tx.Exec("SELECT n FROM feed_head FOR SHARE").Error; err != nil {
			return err
		}
	}
	cut, err := found(tx.Model(&cutoffRow{}).Select("1").
		Where("tenant_id = ? AND client_id = '' AND user_id IN ('', ?) AND epoch > ?", s.TenantID, s.UserID, s.Epoch).Take(new(int)).Error)
	if err == nil && cut {
		err = tenants.ErrNotFound
	}
	return err
}

// SessionByHash returns the tenant's session whose cookie has the keyed hash. It
// may have ended.
func (db *DB) SessionByHash(ctx context.Context, tenantID string, hash []byte) (*tenants.Session, error) {
	var row sessionRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("tenant_id = ? AND hash = ?", tenantID, hash).Take(&row).Error
	})
	if err != nil {
		return nil, err
	}
	return &row.Session, nil
}

// Sessions returns a range of the sessions of a user, sorted by id, those that
// have ended at now left out.
func (db *DB) Sessions(ctx context.Context, tenantID, userID string, now time.Time, r admin.Range) ([]tenants.Session, error) {
	var rows []sessionRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		live := tx.Where(ofUser+" AND expires_at > ? AND seen_at > ?", tenantID, userID, stored(now), stored(now.Add(-tenants.SessionIdle)))
		return page(live, r, "id").Find(&rows).Error
	})
	list := make([]tenants.Session, len(rows))
	for i := range rows {
		list[i] = rows[i].Session
	}
	return list, err
}

// SeeSession notes that a session was used.
func (db *DB) SeeSession(ctx context.Context, tenantID, id string, at time.Time) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&sessionRow{}).Where("tenant_id = ? AND id = ? AND seen_at < ?", tenantID, id, stored(at)).
			UpdateColumn("seen_at", stored(at)).Error
	})
}

// DeleteSession ends a session of the user's, and what was let in by it that has no
// token yet.
func (db *DB) DeleteSession(ctx context.Context, tenantID, userID, id string, e tenants.AuditEvent) error {
	if !storable(tenantID, userID, id) {
		return tenants.ErrNotFound
	}
	return db.write(ctx, func(tx *gorm.DB) error {
		if err := deleteSession(tx, tenantID, userID, id, e); err != nil {
			return err
		}
		return endDevices(tx.Where("tenant_id = ? AND session_id = ?", tenantID, id))
	})
}

// LeaveSession ends a session of the user's, who signs out: what was let in by it
// stays so.
func (db *DB) LeaveSession(ctx context.Context, tenantID, userID, id string, e tenants.AuditEvent) error {
	return db.write(ctx, func(tx *gorm.DB) error { return deleteSession(tx, tenantID, userID, id, e) })
}

func deleteSession(tx *gorm.DB, tenantID, userID, id string, e tenants.AuditEvent) error {
	if err := one(tx.Where(ofUser+" AND id = ?", tenantID, userID, id).Delete(&sessionRow{})); err != nil {
		return err
	}
	return tx.Create(&e).Error
}

// DeleteSessions ends all sessions of the user's, and what the user has let in
// that has no token yet.
func (db *DB) DeleteSessions(ctx context.Context, tenantID, userID string, e tenants.AuditEvent) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		if err := endSessions(tx, tenantID, userID); err != nil {
			return err
		}
		return tx.Create(&e).Error
	})
}

func endSessions(tx *gorm.DB, tenantID, userID string) error {
	if err := tx.Where(ofUser, tenantID, userID).Delete(&sessionRow{}).Error; err != nil {
		return err
	}
	return endDevices(tx.Where(ofUser, tenantID, userID))
}

// proofRow is a proof of the session exchange that was used.
type proofRow struct {
	TenantID  string `gorm:"primaryKey"`
	Hash      []byte `gorm:"primaryKey"`
	ExpiresAt time.Time
}

func (proofRow) TableName() string { return "spent_proofs" }

// SpendProof uses a proof of a session up, given by its hash and its end, and
// stores what was given for it. Exactly one caller wins; the others, and all
// where the session is gone, get tenants.ErrNotFound.
func (db *DB) SpendProof(ctx context.Context, s *tenants.Session, hash []byte, expiry time.Time, i tenants.Issue) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		var there sessionRow
		if err := tx.Where("tenant_id = ? AND id = ?", s.TenantID, s.ID).Take(&there).Error; err != nil {
			return err
		}
		row := proofRow{TenantID: s.TenantID, Hash: hash, ExpiresAt: stored(expiry)}
		if err := one(tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)); err != nil {
			return err
		}
		return recordIssue(tx, i)
	})
}
