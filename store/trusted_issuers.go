package store

import (
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type issuerRow struct {
	tenants.TrustedIssuer
	NameFold string
	Keys     string `gorm:"column:jwks"`
}

func (issuerRow) TableName() string { return "trusted_issuers" }

func rowOfIssuer(t *tenants.TrustedIssuer) issuerRow {
	return issuerRow{TrustedIssuer: *t, NameFold: fold(t.Name), Keys: string(t.JWKS)}
}

type trustRow struct {
	IssuerID string `gorm:"primaryKey"`
	Position int    `gorm:"primaryKey;autoIncrement:false"`
	TenantID string
	ClientID string
	UserID   *string
	Subject  string
	Claims   map[string][]string `gorm:"serializer:json"`
	Scopes   []string            `gorm:"serializer:json"`
}

func (trustRow) TableName() string { return "trusted_issuer_rules" }

func issuerEvent(tenantID, issuer string) feed.Event {
	return feed.Event{TenantID: tenantID, Kind: feed.TrustedIssuer, Key: issuer}
}

// TrustedIssuerByName returns the issuer whose assertions have that iss, with its
// rules.
func (db *DB) TrustedIssuerByName(ctx context.Context, tenantID, issuer string) (*tenants.TrustedIssuer, error) {
	return db.trustedIssuer(ctx, "tenant_id = ? AND issuer = ?", tenantID, issuer)
}

// TrustedIssuer returns the issuer of that id or iss, with its rules.
func (db *DB) TrustedIssuer(ctx context.Context, tenantID, id string) (*tenants.TrustedIssuer, error) {
	return db.trustedIssuer(ctx, "tenant_id = ? AND (id = ? OR issuer = ?)", tenantID, id, id)
}

func (db *DB) trustedIssuer(ctx context.Context, where string, names ...any) (*tenants.TrustedIssuer, error) {
	if slices.ContainsFunc(names, func(name any) bool { return !storable(name.(string)) }) {
		return nil, tenants.ErrNotFound
	}
	rows := make([]issuerRow, 1)
	err := db.read(ctx, func(tx *gorm.DB) error {
		if err := tx.Where(where, names...).Take(&rows[0]).Error; err != nil {
			return err
		}
		return addRules(tx, rows)
	})
	if err != nil {
		return nil, err
	}
	return &rows[0].TrustedIssuer, nil
}

// TrustedIssuers returns a range of the tenant's issuers, sorted by issuer.
func (db *DB) TrustedIssuers(ctx context.Context, tenantID string, r admin.Range) ([]tenants.TrustedIssuer, error) {
	var rows []issuerRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		if err := page(tx.Where("tenant_id = ?", tenantID), r, "issuer", "name_fold").Find(&rows).Error; err != nil {
			return err
		}
		return addRules(tx, rows)
	})
	list := make([]tenants.TrustedIssuer, len(rows))
	for i := range rows {
		list[i] = rows[i].TrustedIssuer
	}
	return list, err
}

// addRules reads the rules of issuers.
func addRules(tx *gorm.DB, rows []issuerRow) error {
	ids := make([]string, len(rows))
	at := make(map[string]*tenants.TrustedIssuer, len(rows))
	for i := range rows {
		if rows[i].Keys != "" {
			rows[i].JWKS = json.RawMessage(rows[i].Keys)
		}
		fillIssuer(&rows[i].TrustedIssuer)
		ids[i], at[rows[i].ID] = rows[i].ID, &rows[i].TrustedIssuer
	}
	if len(rows) == 0 {
		return nil
	}
	var rules []trustRow
	if err := tx.Where("issuer_id IN ?", ids).Order("issuer_id, position").Find(&rules).Error; err != nil {
		return err
	}
	for _, row := range rules {
		rule := tenants.TrustRule{ClientID: row.ClientID, Subject: row.Subject, Claims: row.Claims, Scopes: row.Scopes}
		if row.UserID != nil {
			rule.UserID = *row.UserID
		}
		fillRule(&rule)
		at[row.IssuerID].Rules = append(at[row.IssuerID].Rules, rule)
	}
	return nil
}

func fillIssuer(t *tenants.TrustedIssuer) {
	t.Audiences, t.SigningAlgs, t.Rules = orEmpty(t.Audiences), orEmpty(t.SigningAlgs), orEmpty(t.Rules)
	for i := range t.Rules {
		fillRule(&t.Rules[i])
	}
}

func fillRule(r *tenants.TrustRule) {
	if r.Claims == nil {
		r.Claims = map[string][]string{}
	}
}

// CreateTrustedIssuer stores a new issuer with its rules. A client or user that
// a rule names and that is not there is tenants.ErrNotFound.
func (db *DB) CreateTrustedIssuer(ctx context.Context, t *tenants.TrustedIssuer, e tenants.AuditEvent) error {
	fillIssuer(t)
	db.stamp(&t.Version, &t.CreatedAt, &t.UpdatedAt)
	return db.change(ctx, e, issuerEvent(t.TenantID, t.Issuer), func(tx *gorm.DB) error {
		row := rowOfIssuer(t)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return createRules(tx, t)
	})
}

// UpdateTrustedIssuer stores everything of t but its issuer.
func (db *DB) UpdateTrustedIssuer(ctx context.Context, t *tenants.TrustedIssuer, e tenants.AuditEvent) error {
	fillIssuer(t)
	row := rowOfIssuer(t)
	row.UpdatedAt = db.now()
	err := db.change(ctx, e, issuerEvent(t.TenantID, t.Issuer), func(tx *gorm.DB) (err error) {
		if row.Version, err = next(tx.Model(&issuerRow{}).Where(oneUser, t.TenantID, t.ID), t.Version); err != nil {
			return err
		}
		if err := one(tx.Select("*").Omit("tenant_id", "id", "issuer", "created_at").Updates(&row)); err != nil {
			return err
		}
		if err := tx.Where("issuer_id = ?", t.ID).Delete(&trustRow{}).Error; err != nil {
			return err
		}
		return createRules(tx, t)
	})
	if err == nil {
		t.Version, t.UpdatedAt = row.Version, row.UpdatedAt
	}
	return err
}

func createRules(tx *gorm.DB, t *tenants.TrustedIssuer) error {
	if len(t.Rules) == 0 {
		return nil
	}
	rows := make([]trustRow, len(t.Rules))
	for i, rule := range t.Rules {
		rows[i] = trustRow{
			IssuerID: t.ID, Position: i, TenantID: t.TenantID, ClientID: rule.ClientID, Subject: rule.Subject, Claims: rule.Claims, Scopes: rule.Scopes,
		}
		if rule.UserID != "" {
			rows[i].UserID = &rule.UserID
		}
	}
	return tx.Create(&rows).Error
}

// DeleteTrustedIssuer deletes an issuer with its rules.
func (db *DB) DeleteTrustedIssuer(ctx context.Context, t *tenants.TrustedIssuer, version int64, e tenants.AuditEvent) error {
	return db.change(ctx, e, issuerEvent(t.TenantID, t.Issuer), func(tx *gorm.DB) error {
		if _, err := next(tx.Model(&issuerRow{}).Where(oneUser, t.TenantID, t.ID), version); err != nil {
			return err
		}
		return one(tx.Where(oneUser, t.TenantID, t.ID).Delete(&issuerRow{}))
	})
}
