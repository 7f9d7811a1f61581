package store

import (
	"encoding/json"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// A client's permissions are those of its service account, which comes and
// goes with it.

// createServiceAccount makes the service account of a new client.
func createServiceAccount(tx *gorm.DB, c *tenants.Client) error {
	id := tenants.ServiceAccountID(c.ID)
	for _, subject := range []string{c.ID, id} {
		if err := freeID(tx, c.TenantID, subject, "client_id"); err != nil {
			return err
		}
	}
	u := tenants.User{
		TenantID: c.TenantID, ID: id, Username: id, Name: c.Name, Status: tenants.Active, ServiceAccountOf: c.ID,
		Permissions: orEmpty(c.Permissions), Profile: json.RawMessage("{}"), Version: 1, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
	row := rowOf(&u)
	return tx.Create(&row).Error
}

// updateServiceAccount brings the service account in line with its client.
func updateServiceAccount(tx *gorm.DB, c *clientRow) error {
	row := userRow{User: tenants.User{Name: c.Name, Permissions: orEmpty(c.Permissions), UpdatedAt: c.UpdatedAt}, NameFold: c.NameFold}
	q := tx.Model(&userRow{}).Where(oneUser, c.TenantID, tenants.ServiceAccountID(c.ID))
	if err := one(q.Session(&gorm.Session{}).Select("name", "name_fold", "permissions", "updated_at").Updates(&row)); err != nil {
		return err
	}
	return q.UpdateColumn("version", gorm.Expr("version + 1")).Error
}

// touchClient gives a client a new version where what it shows has changed with
// its service account.
func touchClient(tx *gorm.DB, u *tenants.User) error {
	if !u.IsServiceAccount() {
		return nil
	}
	return one(tx.Model(&clientRow{}).Where(oneClient, u.TenantID, u.ServiceAccountOf).
		UpdateColumn("version", gorm.Expr("version + 1")))
}

// addPermissions completes clients of one tenant by what their service accounts
// may do.
func addPermissions(tx *gorm.DB, clients []*tenants.Client) error {
	if len(clients) == 0 {
		return nil
	}
	at := make(map[string]*tenants.Client, len(clients))
	ids := make([]string, len(clients))
	for i, c := range clients {
		ids[i] = tenants.ServiceAccountID(c.ID)
		at[ids[i]] = c
	}
	var rows []userRow
	if err := tx.Where("tenant_id = ? AND id IN ?", clients[0].TenantID, ids).Find(&rows).Error; err != nil {
		return err
	}
	if err := addGroups(tx, rows); err != nil {
		return err
	}
	for i := range rows {
		c := at[rows[i].ID]
		c.Permissions, c.InheritedPermissions = rows[i].Permissions, rows[i].InheritedPermissions
	}
	return nil
}
