package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type groupRow struct {
	tenants.Group
	NameFold string
}

func (groupRow) TableName() string { return "user_groups" }

type membershipRow struct {
	TenantID string `gorm:"primaryKey"`
	UserID   string `gorm:"primaryKey"`
	GroupID  string `gorm:"primaryKey"`
}

func (membershipRow) TableName() string { return "memberships" }

func groupEvent(tenantID, groupID string) feed.Event {
	return feed.Event{TenantID: tenantID, Kind: feed.Group, Key: groupID}
}

// Group returns the tenant's group of that id or, without regard to case, name.
func (db *DB) Group(ctx context.Context, tenantID, group string) (*tenants.Group, error) {
	if !storable(tenantID, group) {
		return nil, tenants.ErrNotFound
	}
	var row groupRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("tenant_id = ? AND (id = ? OR name_fold = ?)", tenantID, group, fold(group)).Clauses(idFirst(group)).Take(&row).Error
	})
	if err != nil {
		return nil, err
	}
	row.Permissions = orEmpty(row.Permissions)
	return &row.Group, nil
}

// Groups returns a range of the tenant's groups, sorted by the Fold of their
// names.
func (db *DB) Groups(ctx context.Context, tenantID string, r admin.Range) ([]tenants.Group, error) {
	var rows []groupRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		return page(tx.Where("tenant_id = ?", tenantID), r, "name_fold").Find(&rows).Error
	})
	list := make([]tenants.Group, len(rows))
	for i := range rows {
		list[i] = rows[i].Group
		list[i].Permissions = orEmpty(list[i].Permissions)
	}
	return list, err
}

// CreateGroup stores a new group.
func (db *DB) CreateGroup(ctx context.Context, g *tenants.Group, e tenants.AuditEvent) error {
	g.Permissions = orEmpty(g.Permissions)
	db.stamp(&g.Version, &g.CreatedAt, &g.UpdatedAt)
	return db.change(ctx, e, groupEvent(g.TenantID, g.ID), func(tx *gorm.DB) error {
		return tx.Create(&groupRow{Group: *g, NameFold: fold(g.Name)}).Error
	})
}

// UpdateGroup stores everything of g.
func (db *DB) UpdateGroup(ctx context.Context, g *tenants.Group, e tenants.AuditEvent) error {
	g.Permissions = orEmpty(g.Permissions)
	row := groupRow{Group: *g, NameFold: fold(g.Name)}
	row.UpdatedAt = db.now()
	err := db.change(ctx, e, groupEvent(g.TenantID, g.ID), func(tx *gorm.DB) (err error) {
		if row.Version, err = next(tx.Model(&groupRow{}).Where(oneUser, g.TenantID, g.ID), g.Version); err != nil {
			return err
		}
		return one(tx.Select("*").Omit("tenant_id", "id", "created_at").Updates(&row))
	})
	if err == nil {
		g.Version, g.UpdatedAt = row.Version, row.UpdatedAt
	}
	return err
}

// DeleteGroup deletes a group; its members stay.
func (db *DB) DeleteGroup(ctx context.Context, tenantID, groupID string, version int64, e tenants.AuditEvent) error {
	return db.change(ctx, e, groupEvent(tenantID, groupID), func(tx *gorm.DB) error {
		if _, err := next(tx.Model(&groupRow{}).Where(oneUser, tenantID, groupID), version); err != nil {
			return err
		}
		return one(tx.Where(oneUser, tenantID, groupID).Delete(&groupRow{}))
	})
}

// setGroups makes the user a member of the groups of u.Memberships and of no
// other, and completes u by what they are called and give. A group that is not
// as it was seen is tenants.ErrStale: what was judged is what is joined.
func setGroups(tx *gorm.DB, u *tenants.User) error {
	if err := tx.Where("tenant_id = ? AND user_id = ?", u.TenantID, u.ID).Delete(&membershipRow{}).Error; err != nil {
		return err
	}
	u.InheritedPermissions = []string{}
	names := make([]string, 0, len(u.Memberships))
	for _, m := range u.Memberships {
		var row groupRow
		there, err := found(tx.Where(oneUser+" AND version = ?", u.TenantID, m.GroupID, m.Version).Take(&row).Error)
		if err != nil {
			return err
		}
		if !there {
			return tenants.ErrStale
		}
		if err := tx.Create(&membershipRow{TenantID: u.TenantID, UserID: u.ID, GroupID: row.ID}).Error; err != nil {
			return err
		}
		names = append(names, row.Name)
		u.InheritedPermissions = append(u.InheritedPermissions, row.Permissions...)
	}
	u.Groups = names
	fillUser(u)
	return nil
}

// addGroups completes rows that were read by their groups and what these give.
func addGroups(tx *gorm.DB, rows []userRow) error {
	at := make(map[string]*tenants.User, len(rows))
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
		at[rows[i].ID] = &rows[i].User
	}
	if len(rows) == 0 {
		return nil
	}
	var members []struct {
		UserID      string
		GroupID     string
		Name        string
		Version     int64
		Permissions []string `gorm:"serializer:json"`
	}
	err := tx.Table("memberships AS m").Select("m.user_id, m.group_id, g.name, g.version, g.permissions").
		Joins("JOIN user_groups AS g ON g.tenant_id = m.tenant_id AND g.id = m.group_id").
		Where("m.tenant_id = ? AND m.user_id IN ?", rows[0].TenantID, ids).Find(&members).Error
	for _, m := range members {
		u := at[m.UserID]
		u.Groups = append(u.Groups, m.Name)
		u.Memberships = append(u.Memberships, tenants.Membership{GroupID: m.GroupID, Version: m.Version})
		u.InheritedPermissions = append(u.InheritedPermissions, m.Permissions...)
	}
	for i := range rows {
		fillUser(&rows[i].User)
	}
	return err
}

// fillUser makes lists that are not set empty ones, and sorts what groups give.
func fillUser(u *tenants.User) {
	u.HasPassword = u.PasswordHash != ""
	u.Permissions = orEmpty(u.Permissions)
	u.Groups = orEmpty(u.Groups)
	slices.Sort(u.Groups)
	slices.SortFunc(u.Memberships, func(a, b tenants.Membership) int { return strings.Compare(a.GroupID, b.GroupID) })
	u.InheritedPermissions = orEmpty(u.InheritedPermissions)
	slices.Sort(u.InheritedPermissions)
	u.InheritedPermissions = slices.Compact(u.InheritedPermissions)
	if u.Profile == nil {
		u.Profile = json.RawMessage("{}")
	}
}
