package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// impersonationRow names groups by their ids, so that rules follow a new name.
type impersonationRow struct {
	tenants.ImpersonationRule `gorm:"embedded"`
	DescriptionFold           string
	ActorUser                 *string
	ActorGroup                *string
	ActorClient               *string
	TargetUser                *string
	TargetGroup               *string
	ActorGroupName            *string `gorm:"->"` // looked up
	TargetGroupName           *string `gorm:"->"`
}

func (impersonationRow) TableName() string { return "impersonation_rules" }

func impersonationEvent(tenantID, ruleID string) feed.Event {
	return feed.Event{TenantID: tenantID, Kind: feed.ImpersonationRule, Key: ruleID}
}

// ImpersonationRule returns the rule of that id.
func (db *DB) ImpersonationRule(ctx context.Context, tenantID, id string) (*tenants.ImpersonationRule, error) {
	if !storable(tenantID, id) {
		return nil, tenants.ErrNotFound
	}
	list, err := db.impersonationRules(ctx, func(tx *gorm.DB) *gorm.DB { return tx.Where(oneUser, tenantID, id) })
	if err == nil && len(list) == 0 {
		err = tenants.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// ImpersonationRules returns a range of the tenant's rules, sorted by id, which
// is the order of their making.
func (db *DB) ImpersonationRules(ctx context.Context, tenantID string, r admin.Range) ([]tenants.ImpersonationRule, error) {
	return db.impersonationRules(ctx, func(tx *gorm.DB) *gorm.DB {
		return page(tx.Where("tenant_id = ?", tenantID), r, "id", "description_fold")
	})
}

// AllImpersonationRules returns all of the tenant's rules.
func (db *DB) AllImpersonationRules(ctx context.Context, tenantID string) ([]tenants.ImpersonationRule, error) {
	return db.impersonationRules(ctx, func(tx *gorm.DB) *gorm.DB { return tx.Where("tenant_id = ?", tenantID) })
}

func (db *DB) impersonationRules(ctx context.Context, which func(*gorm.DB) *gorm.DB) ([]tenants.ImpersonationRule, error) {
	var rows []impersonationRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		return which(tx.Select(`impersonation_rules.*,
			(SELECT name FROM user_groups AS g WHERE g.tenant_id = impersonation_rules.tenant_id AND g.id = actor_group) AS actor_group_name,
			(SELECT name FROM user_groups AS g WHERE g.tenant_id = impersonation_rules.tenant_id AND g.id = target_group) AS target_group_name`)).
			Find(&rows).Error
	})
	list := make([]tenants.ImpersonationRule, len(rows))
	for i := range rows {
		row := &rows[i]
		list[i] = row.ImpersonationRule
		list[i].Actor = tenants.Party{User: orNone(row.ActorUser), Group: orNone(row.ActorGroupName), Client: orNone(row.ActorClient)}
		list[i].Target = tenants.Party{User: orNone(row.TargetUser), Group: orNone(row.TargetGroupName)}
	}
	return list, err
}

func orNone(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// CreateImpersonationRule stores a new rule, and gives its groups, named by name
// or id, the names that they have. A user or client that it names and that is not
// there is tenants.ErrNotFound, a group a *admin.MissingError.
func (db *DB) CreateImpersonationRule(ctx context.Context, r *tenants.ImpersonationRule, e tenants.AuditEvent) error {
	db.stamp(&r.Version, &r.CreatedAt, &r.UpdatedAt)
	return db.change(ctx, e, impersonationEvent(r.TenantID, r.ID), func(tx *gorm.DB) (err error) {
		row := impersonationRow{
			ImpersonationRule: *r, DescriptionFold: fold(r.Description), ActorUser: orNull(r.Actor.User),
			ActorClient: orNull(r.Actor.Client), TargetUser: orNull(r.Target.User),
		}
		if row.ActorGroup, err = groupOf(tx, r.TenantID, &r.Actor); err != nil {
			return err
		}
		if row.TargetGroup, err = groupOf(tx, r.TenantID, &r.Target); err != nil {
			return err
		}
		return tx.Create(&row).Error
	})
}

// groupOf returns the id of a party's group, nil for none.
func groupOf(tx *gorm.DB, tenantID string, p *tenants.Party) (*string, error) {
	if p.Group == "" {
		return nil, nil
	}
	var row groupRow
	there, err := found(tx.Where("tenant_id = ? AND (id = ? OR name_fold = ?)", tenantID, p.Group, fold(p.Group)).Clauses(idFirst(p.Group)).Take(&row).Error)
	if err == nil && !there {
		err = &admin.MissingError{Thing: "group", Name: p.Group}
	}
	p.Group = row.Name
	return &row.ID, err
}

// UpdateImpersonationRule stores everything of r but who it names.
func (db *DB) UpdateImpersonationRule(ctx context.Context, r *tenants.ImpersonationRule, e tenants.AuditEvent) error {
	row := impersonationRow{ImpersonationRule: *r, DescriptionFold: fold(r.Description)}
	row.UpdatedAt = db.now()
	err := db.change(ctx, e, impersonationEvent(r.TenantID, r.ID), func(tx *gorm.DB) (err error) {
		if row.Version, err = next(tx.Model(&impersonationRow{}).Where(oneUser, r.TenantID, r.ID), r.Version); err != nil {
			return err
		}
		return one(tx.Where(oneUser, r.TenantID, r.ID).
			Select("description", "description_fold", "status", "require_reason", "max_lifetime", "scopes", "exceed_permissions", "version", "updated_at").
			Updates(&row))
	})
	if err == nil {
		r.Version, r.UpdatedAt = row.Version, row.UpdatedAt
	}
	return err
}

// DeleteImpersonationRule deletes a rule. Tokens that it let somebody have live on.
func (db *DB) DeleteImpersonationRule(ctx context.Context, tenantID, id string, version int64, e tenants.AuditEvent) error {
	return db.change(ctx, e, impersonationEvent(tenantID, id), func(tx *gorm.DB) error {
		if _, err := next(tx.Model(&impersonationRow{}).Where(oneUser, tenantID, id), version); err != nil {
			return err
		}
		return one(tx.Where(oneUser, tenantID, id).Delete(&impersonationRow{}))
	})
}

// ImpersonationCandidates returns active people who are among some ids or members
// of some groups, sorted by NameKey. A prefix is looked for in username, e-mail and
// name.
func (db *DB) ImpersonationCandidates(ctx context.Context, tenantID string, c tenants.Candidates) ([]tenants.User, error) {
	groups := make([]string, len(c.Groups))
	for i, name := range c.Groups {
		groups[i] = fold(name)
	}
	var rows []userRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		q := tx.Where("tenant_id = ? AND status = ? AND service_account_of = ''", tenantID, tenants.Active).
			Where(`(id IN ? OR EXISTS (SELECT 1 FROM memberships AS m JOIN user_groups AS g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
				WHERE m.tenant_id = users.tenant_id AND m.user_id = users.id AND g.name_fold IN ?))`, c.UserIDs, groups)
		if err := page(q, admin.Range{After: c.After, Limit: c.Limit, Prefix: c.Prefix}, "username_fold", "email_fold", "name_fold").Find(&rows).Error; err != nil {
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
