package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// TenantIDByHost returns the tenant that owns the host.
func (db *DB) TenantIDByHost(ctx context.Context, host string) (string, error) {
	return db.tenantID(ctx, "tenant_hosts", "tenant_id", "host", host)
}

// TenantIDBySlug returns the tenant of that slug.
func (db *DB) TenantIDBySlug(ctx context.Context, slug string) (string, error) {
	return db.tenantID(ctx, "tenants", "id", "slug", slug)
}

// TenantIDByIssuer returns the tenant of exactly that issuer.
func (db *DB) TenantIDByIssuer(ctx context.Context, issuer string) (string, error) {
	return db.tenantID(ctx, "tenants", "id", "issuer", issuer)
}

func (db *DB) tenantID(ctx context.Context, table, id, column, value string) (string, error) {
	if !storable(value) {
		return "", tenants.ErrNotFound
	}
	var tenantID string
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Table(table).Select(id).Where(column+" = ?", value).Take(&tenantID).Error
	})
	return tenantID, err
}

// TenantIDsByAudience returns the tenants with a findable API of that
// identifier, sorted, none without an error.
func (db *DB) TenantIDsByAudience(ctx context.Context, identifier string) ([]string, error) {
	ids := []string{}
	if !storable(identifier) {
		return ids, nil
	}
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Model(&apiRow{}).Where("identifier = ? AND shared_host", identifier).Pluck("tenant_id", &ids).Error
	})
	slices.Sort(ids) // as Go does: a database may have an order of its own
	return ids, err
}

// ClientHolders returns the tenants with a client of that client_id, none without
// an error.
func (db *DB) ClientHolders(ctx context.Context, clientID string) ([]tenants.ClientHolder, error) {
	holders := []tenants.ClientHolder{}
	if !storable(clientID) {
		return holders, nil
	}
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Model(&clientRow{}).Select("tenant_id, token_endpoint_auth_method = ? AS stand_in", oauth.AuthDialect).
			Where("client_id = ?", clientID).Scan(&holders).Error
	})
	return holders, err
}
