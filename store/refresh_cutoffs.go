package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// cutoffRow ends all families that are older than an epoch: those of a client,
// of a user or, where both are empty, of the tenant.
type cutoffRow struct {
	TenantID  string `gorm:"primaryKey"`
	ClientID  string `gorm:"primaryKey"`
	UserID    string `gorm:"primaryKey"`
	Epoch     int64
	CreatedAt time.Time
}

func (cutoffRow) TableName() string { return "refresh_cutoffs" }

const oneCutoff = "tenant_id = ? AND client_id = ? AND user_id = ?"

// cutOff ends the families that there are. It is part of a change, whose number
// no family has that was started before it.
func (db *DB) cutOff(tx *gorm.DB, tenantID, clientID, userID string) error {
	n, err := epoch(tx)
	if err != nil {
		return err
	}
	return tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "tenant_id"}, {Name: "client_id"}, {Name: "user_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"epoch", "created_at"}),
	}).Create(&cutoffRow{TenantID: tenantID, ClientID: clientID, UserID: userID, Epoch: n, CreatedAt: db.now()}).Error
}

// cutOffBy ends the families of whom the revocation is about, and the devices that
// were let in and have no token yet.
func (db *DB) cutOffBy(tx *gorm.DB, r tenants.Revocation) error {
	var clientID, userID string
	devices := tx.Where("tenant_id = ?", r.TenantID)
	switch r.Kind {
	case tenants.RevokedClient:
		clientID, devices = r.Key, devices.Where("client_id = ?", r.Key)
	case tenants.RevokedUser:
		userID, devices = r.Key, devices.Where("user_id = ?", r.Key)
	case tenants.RevokedAll:
	default:
		return nil
	}
	if err := endDevices(devices); err != nil {
		return err
	}
	return db.cutOff(tx, r.TenantID, clientID, userID)
}

// endOnNewPassword ends what was granted by who had the user's old password (RFC
// 9700 section 4.14.2), if the user is about to get another one.
func (db *DB) endOnNewPassword(tx *gorm.DB, u *tenants.User) error {
	another, err := found(tx.Model(&userRow{}).Select("1").
		Where(oneUser+" AND password_hash <> ?", u.TenantID, u.ID, u.PasswordHash).Take(new(int)).Error)
	if err != nil || !another {
		return err
	}
	if err := endSessions(tx, u.TenantID, u.ID); err != nil {
		return err
	}
	return db.cutOff(tx, u.TenantID, "", u.ID)
}

// familiesAtOnce bounds how many families are purged together.
const familiesAtOnce = 100

// PurgeRefreshTokens deletes the families that expired before an instant, and
// those that were ended with their client, user or tenant, with their tokens. It
// returns how many families they were. Until then a used token is remembered.
func (db *DB) PurgeRefreshTokens(ctx context.Context, before time.Time) (int64, error) {
	before = stored(before)
	total, err := db.purgeFamilies(ctx, func(tx *gorm.DB) *gorm.DB { return tx.Where("expires_at < ?", before) })
	if err != nil {
		return total, err
	}
	var cutoffs []cutoffRow
	err = db.read(ctx, func(tx *gorm.DB) error { return tx.Order("created_at").Limit(purged).Find(&cutoffs).Error })
	for i := 0; err == nil && i < len(cutoffs); i++ {
		var deleted int64
		deleted, err = db.purgeCutOff(ctx, &cutoffs[i], before)
		total += deleted
	}
	return total, err
}

// purgeCutOff deletes what a cut-off ended. The cut-off itself stays until no
// transaction from before it can be open any more.
func (db *DB) purgeCutOff(ctx context.Context, c *cutoffRow, before time.Time) (int64, error) {
	total, err := db.purgeFamilies(ctx, func(tx *gorm.DB) *gorm.DB {
		q := tx.Where("tenant_id = ? AND epoch < ?", c.TenantID, c.Epoch)
		if c.ClientID != "" {
			q = q.Where("client_id = ?", c.ClientID)
		}
		if c.UserID != "" {
			q = q.Where("user_id = ?", c.UserID)
		}
		return q
	})
	if err != nil || !c.CreatedAt.Before(before) {
		return total, err
	}
	return total, db.write(ctx, func(tx *gorm.DB) error {
		return tx.Where(oneCutoff+" AND epoch = ?", c.TenantID, c.ClientID, c.UserID, c.Epoch).Delete(&cutoffRow{}).Error
	})
}

// purgeFamilies deletes families in transactions that are each soon over.
func (db *DB) purgeFamilies(ctx context.Context, which func(*gorm.DB) *gorm.DB) (total int64, err error) {
	for {
		var ids []string
		err := db.read(ctx, func(tx *gorm.DB) error {
			return which(tx.Model(&tenants.RefreshFamily{})).Limit(familiesAtOnce).Pluck("id", &ids).Error
		})
		if err != nil || len(ids) == 0 {
			return total, err
		}
		for deleted := int64(purged); deleted == purged; {
			err := db.write(ctx, func(tx *gorm.DB) error {
				some := tx.Model(&tenants.RefreshToken{}).Select("tenant_id, hash").Where("family_id IN ?", ids).Limit(purged)
				result := tx.Where("(tenant_id, hash) IN (?)", some).Delete(&tenants.RefreshToken{})
				deleted = result.RowsAffected
				return result.Error
			})
			if err != nil {
				return total, err
			}
		}
		err = db.write(ctx, func(tx *gorm.DB) error {
			result := tx.Where("id IN ?", ids).Delete(&tenants.RefreshFamily{})
			total += result.RowsAffected
			return result.Error
		})
		if err != nil {
			return total, err
		}
	}
}
