package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type userRow struct {
	tenants.User
	UsernameFold string
	EmailFold    string
	NameFold     string
}

func (userRow) TableName() string { return "users" }

func rowOf(u *tenants.User) userRow {
	return userRow{User: *u, UsernameFold: u.NameKey(), EmailFold: fold(u.Email), NameFold: fold(u.Name)}
}

func userEvent(tenantID, userID string) feed.Event {
	return feed.Event{TenantID: tenantID, Kind: feed.User, Key: userID}
}

const oneUser = "tenant_id = ? AND id = ?"

// UserByID returns the tenant's user with its groups and what it inherits from
// them.
func (db *DB) UserByID(ctx context.Context, tenantID, userID string) (*tenants.User, error) {
	if !storable(tenantID, userID) {
		return nil, tenants.ErrNotFound
	}
	rows := make([]userRow, 1)
	err := db.read(ctx, func(tx *gorm.DB) error {
		if err := tx.Where(oneUser, tenantID, userID).Take(&rows[0]).Error; err != nil {
			return err
		}
		return addGroups(tx, rows)
	})
	if err != nil {
		return nil, err
	}
	return &rows[0].User, nil
}

// User is UserByID.
func (db *DB) User(ctx context.Context, tenantID, userID string) (*tenants.User, error) {
	return db.UserByID(ctx, tenantID, userID)
}

// UserByLogin returns the user whose username that is, without regard to case,
// or whose e-mail address, where the tenant lets people sign in by it. It has its
// Epoch. A login that nobody has costs the same queries.
func (db *DB) UserByLogin(ctx context.Context, tenantID, login string) (*tenants.User, error) {
	if !storable(tenantID, login) || login == "" {
		return nil, tenants.ErrNotFound
	}
	name := fold(login)
	rows := make([]userRow, 1)
	err := db.read(ctx, func(tx *gorm.DB) error {
		var row struct {
			User  userRow `gorm:"embedded"`
			Epoch int64
		}
		err := tx.Table("users").Select("users.*, (SELECT n FROM feed_head) AS epoch").
			Where(`tenant_id = ? AND service_account_of = '' AND (username_fold = ?
			OR email_fold = ? AND EXISTS (SELECT 1 FROM tenants WHERE tenants.id = users.tenant_id AND login_by_email))`,
				tenantID, name, name).Take(&row).Error
		if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
			return err
		}
		rows[0] = row.User
		rows[0].Epoch = row.Epoch
		if err := addGroups(tx, rows); err != nil { // for nobody, too: the time must not tell who there is
			return err
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &rows[0].User, nil
}

// Users returns a range of the tenant's users, service accounts among them,
// sorted by NameKey. A prefix is looked for in username, e-mail, name and
// client_id. group is the name of a group that they all are in, empty for any.
func (db *DB) Users(ctx context.Context, tenantID, group string, r admin.Range) ([]tenants.User, error) {
	var rows []userRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		q := tx.Where("tenant_id = ?", tenantID)
		if group != "" {
			if !storable(group) {
				return nil
			}
			q = q.Where(`EXISTS (SELECT 1 FROM memberships AS m JOIN user_groups AS g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
				WHERE m.tenant_id = users.tenant_id AND m.user_id = users.id AND g.name_fold = ?)`, fold(group))
		}
		if err := page(q, r, "username_fold", "email_fold", "name_fold", "lower(service_account_of)").Find(&rows).Error; err != nil {
			return err
		}
		return addGroups(tx, rows)
	})
	list := make([]tenants.User, len(rows))
	for i := range rows {
		list[i] = rows[i].User
	}
	return list, err
}

// CreateUser stores a new user with u.Memberships. A username, an id or, where
// people sign in by it, an e-mail address that is taken is a *tenants.TakenError,
// a group that is not as it was seen tenants.ErrStale.
func (db *DB) CreateUser(ctx context.Context, u *tenants.User, e tenants.AuditEvent) error {
	fillUser(u)
	db.stamp(&u.Version, &u.CreatedAt, &u.UpdatedAt)
	return db.change(ctx, e, userEvent(u.TenantID, u.ID), func(tx *gorm.DB) error {
		if err := freeID(tx, u.TenantID, u.ID, "id"); err != nil {
			return err
		}
		if err := freeLogin(tx, u); err != nil {
			return err
		}
		row := rowOf(u)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return setGroups(tx, u)
	})
}

// UpdateUser stores everything of u but its id and its client. Another password
// or status ends every wait of the user's, and who gets another password or is
// disabled is signed out everywhere. Errors are those of CreateUser.
func (db *DB) UpdateUser(ctx context.Context, u *tenants.User, e tenants.AuditEvent) error {
	fillUser(u)
	row := rowOf(u)
	row.UpdatedAt = db.now()
	err := db.change(ctx, e, userEvent(u.TenantID, u.ID), func(tx *gorm.DB) (err error) {
		if row.Version, err = next(tx.Model(&userRow{}).Where(oneUser, u.TenantID, u.ID), u.Version); err != nil {
			return err
		}
		if err := freeLogin(tx, u); err != nil {
			return err
		}
		if err := db.endOnNewPassword(tx, u); err != nil {
			return err
		}
		if err := forgetOnChange(tx, u); err != nil {
			return err
		}
		if u.Status != tenants.Active {
			if err := endSessions(tx, u.TenantID, u.ID); err != nil {
				return err
			}
		}
		if err := one(tx.Select("*").Omit("tenant_id", "id", "service_account_of", "created_at").Updates(&row)); err != nil {
			return err
		}
		if err := touchClient(tx, u); err != nil {
			return err
		}
		return setGroups(tx, u)
	})
	if err == nil {
		u.Version, u.UpdatedAt = row.Version, row.UpdatedAt
	}
	return err
}

// DeleteUser deletes a user with its memberships and API keys, and ends its tokens.
func (db *DB) DeleteUser(ctx context.Context, tenantID, userID string, version int64, e tenants.AuditEvent) error {
	return db.changeAll(ctx, e, func(tx *gorm.DB) ([]feed.Event, error) {
		if _, err := next(tx.Model(&userRow{}).Where(oneUser, tenantID, userID), version); err != nil {
			return nil, err
		}
		if err := db.cutOff(tx, tenantID, "", userID); err != nil {
			return nil, err
		}
		ended, err := endTokens(tx, tenantID, db.at(e), "", userID)
		if err != nil {
			return nil, err
		}
		keys, err := deleteUser(tx, tenantID, userID)
		return append(keys, userEvent(tenantID, userID), ended), err
	})
}

// deleteUser deletes a user with its sessions and API keys, ends what it has let in,
// and returns the events of the keys: nodes that have them in memory would take them
// for those of the next user of the same id.
func deleteUser(tx *gorm.DB, tenantID, userID string) ([]feed.Event, error) {
	var hashes [][]byte
	if err := tx.Model(&apiKeyRow{}).Where("tenant_id = ? AND user_id = ?", tenantID, userID).Pluck("hash", &hashes).Error; err != nil {
		return nil, err
	}
	var events []feed.Event
	for _, hash := range hashes {
		events = append(events, apiKeyEvent(tenantID, hash))
	}
	if err := endSessions(tx, tenantID, userID); err != nil {
		return nil, err
	}
	if err := tx.Table("sign_in_attempts").Where("tenant_id = ? AND account = ?", tenantID, userID).Delete(nil).Error; err != nil {
		return nil, err
	}
	return events, one(tx.Where(oneUser, tenantID, userID).Delete(&userRow{}))
}

// RehashPassword replaces the hash of a user's password by another one of the
// same password, unless it is not the old one any more.
func (db *DB) RehashPassword(ctx context.Context, tenantID, userID, old, hash string) error {
	return db.publish(ctx, userEvent(tenantID, userID), func(tx *gorm.DB) error {
		return tx.Model(&userRow{}).Where(oneUser+" AND password_hash = ?", tenantID, userID, old).
			UpdateColumn("password_hash", hash).Error
	})
}

// freeID refuses an id, given in that field, that a user or a client of the
// tenant has: both are subjects of tokens. Changes run one at a time, so that it stays free.
func freeID(tx *gorm.DB, tenantID, id, field string) error {
	for _, q := range []*gorm.DB{
		tx.Model(&userRow{}).Where(oneUser, tenantID, id),
		tx.Model(&clientRow{}).Where(oneClient, tenantID, id),
	} {
		if taken, err := found(q.Select("1").Take(new(int)).Error); err != nil || taken {
			return errors.Join(err, takenIf(taken, field))
		}
	}
	return nil
}

// freeLogin refuses what another user of the tenant signs in by.
func freeLogin(tx *gorm.DB, u *tenants.User) error {
	others := func() *gorm.DB {
		return tx.Model(&userRow{}).Where("tenant_id = ? AND id <> ?", u.TenantID, u.ID).Select("1")
	}
	taken, err := found(others().Where("username_fold = ?", u.NameKey()).Take(new(int)).Error)
	if err != nil || taken {
		return errors.Join(err, takenIf(taken, "username"))
	}
	if u.IsServiceAccount() {
		return nil
	}
	byEmail, err := found(tx.Model(&tenantRow{}).Select("1").Where("id = ? AND login_by_email", u.TenantID).Take(new(int)).Error)
	if err != nil || !byEmail {
		return err
	}
	if taken, err = found(others().Where("email_fold = ?", u.NameKey()).Take(new(int)).Error); err != nil || taken {
		return errors.Join(err, takenIf(taken, "username"))
	}
	if u.Email == "" {
		return nil
	}
	email := fold(u.Email)
	taken, err = found(others().Where("email_fold = ? OR username_fold = ?", email, email).Take(new(int)).Error)
	return errors.Join(err, takenIf(taken, "email"))
}

func takenIf(taken bool, field string) error {
	if taken {
		return &tenants.TakenError{Field: field}
	}
	return nil
}

// distinctLogins refuses to let people sign in by their e-mail addresses from
// now on where two users have the same, or one has another's as its username.
func distinctLogins(tx *gorm.DB, t *tenants.Tenant) error {
	if !t.LoginByEmail {
		return nil
	}
	already, err := found(tx.Model(&tenantRow{}).Select("1").Where("id = ? AND login_by_email", t.ID).Take(new(int)).Error)
	if err != nil || already {
		return err
	}
	clash, err := found(tx.Table("users AS a").Select("1").
		Joins("JOIN users AS b ON b.tenant_id = a.tenant_id AND b.id <> a.id AND (b.email_fold = a.email_fold OR b.username_fold = a.email_fold)").
		Where("a.tenant_id = ? AND a.email_fold <> ''", t.ID).Take(new(int)).Error)
	return errors.Join(err, takenIf(clash, "login_by_email"))
}
