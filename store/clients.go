package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type clientRow struct {
	tenants.Client
	NameFold string
}

func (clientRow) TableName() string { return "clients" }

func clientEvent(tenantID, clientID string) feed.Event {
	return feed.Event{TenantID: tenantID, Kind: feed.Client, Key: clientID}
}

const oneClient = "tenant_id = ? AND client_id = ?"

// ClientByID returns the tenant's client with its secrets.
func (db *DB) ClientByID(ctx context.Context, tenantID, clientID string) (*tenants.Client, error) {
	if !storable(tenantID, clientID) {
		return nil, tenants.ErrNotFound
	}
	var row clientRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		if err := tx.Where(oneClient, tenantID, clientID).Take(&row).Error; err != nil {
			return err
		}
		if err := tx.Table(clientSecrets).Where(oneClient, tenantID, clientID).
			Order("created_at, id").Find(&row.Secrets).Error; err != nil {
			return err
		}
		if err := addKeys(tx, []*tenants.Client{&row.Client}); err != nil {
			return err
		}
		return addPermissions(tx, []*tenants.Client{&row.Client})
	})
	if err != nil {
		return nil, err
	}
	fillClient(&row.Client)
	return &row.Client, nil
}

// Client is ClientByID.
func (db *DB) Client(ctx context.Context, tenantID, clientID string) (*tenants.Client, error) {
	return db.ClientByID(ctx, tenantID, clientID)
}

// Clients returns a range of the tenant's clients with their secrets, sorted by
// client_id.
func (db *DB) Clients(ctx context.Context, tenantID string, r admin.Range) ([]tenants.Client, error) {
	var rows []clientRow
	var secrets []tenants.Secret
	err := db.read(ctx, func(tx *gorm.DB) error {
		if err := page(tx.Where("tenant_id = ?", tenantID), r, "client_id", "name_fold").Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		if err := tx.Table(clientSecrets).
			Where("tenant_id = ? AND client_id BETWEEN ? AND ?", tenantID, rows[0].ID, rows[len(rows)-1].ID).
			Order("created_at, id").Find(&secrets).Error; err != nil {
			return err
		}
		clients := make([]*tenants.Client, len(rows))
		for i := range rows {
			clients[i] = &rows[i].Client
		}
		if err := addKeys(tx, clients); err != nil {
			return err
		}
		return addPermissions(tx, clients)
	})
	list := make([]tenants.Client, len(rows))
	at := make(map[string]*tenants.Client, len(rows))
	for i := range rows {
		list[i] = rows[i].Client
		fillClient(&list[i])
		at[list[i].ID] = &list[i]
	}
	for _, s := range secrets {
		if c := at[s.ClientID]; c != nil {
			c.Secrets = append(c.Secrets, s)
		}
	}
	return list, err
}

// GrantTypesInUse returns the grant types that active clients of the tenant may
// use, each once. Clients that stand in for a dialect do not count: nobody else
// can use what they may.
func (db *DB) GrantTypesInUse(ctx context.Context, tenantID string) ([]string, error) {
	var lists []clientRow
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Model(&clientRow{}).Distinct("grant_types").
			Where("tenant_id = ? AND status = ? AND token_endpoint_auth_method <> ?", tenantID, tenants.Active, oauth.AuthDialect).Find(&lists).Error
	})
	types := []string{}
	for i := range lists {
		types = append(types, lists[i].GrantTypes...)
	}
	slices.Sort(types)
	return slices.Compact(types), err
}

// fillClient makes lists and maps that are not set empty ones.
func fillClient(c *tenants.Client) {
	c.GrantTypes = orEmpty(c.GrantTypes)
	c.APIs = orEmpty(c.APIs)
	for i := range c.APIs {
		c.APIs[i].Scopes = orEmpty(c.APIs[i].Scopes)
	}
	c.ResourceServerFor = orEmpty(c.ResourceServerFor)
	c.AllowedOrigins = orEmpty(c.AllowedOrigins)
	c.Secrets = orEmpty(c.Secrets)
	c.Keys = orEmpty(c.Keys)
	c.Audiences = orEmpty(c.Audiences)
	if c.Lifetimes == nil {
		c.Lifetimes = map[string]int{}
	}
	if c.Claims == nil {
		c.Claims = tenants.Claims{}
	}
	if c.RequiredPermissions == nil {
		c.RequiredPermissions = map[string]string{}
	}
	c.Permissions = orEmpty(c.Permissions)
	c.InheritedPermissions = orEmpty(c.InheritedPermissions)
}

// CreateClient stores a new client with its service account and c.Secrets,
// which become its own. An id that a client or a user has is a
// *tenants.TakenError.
func (db *DB) CreateClient(ctx context.Context, c *tenants.Client, e tenants.AuditEvent) error {
	db.prepareClient(c)
	return db.change(ctx, e, clientEvent(c.TenantID, c.ID), func(tx *gorm.DB) error { return createClient(tx, c) })
}

// prepareClient completes a client that is about to be created.
func (db *DB) prepareClient(c *tenants.Client) {
	fillClient(c)
	db.stamp(&c.Version, &c.CreatedAt, &c.UpdatedAt)
	for i := range c.Secrets {
		db.own(&c.Secrets[i], c.TenantID, c.ID)
	}
}

func createClient(tx *gorm.DB, c *tenants.Client) error {
	if err := createServiceAccount(tx, c); err != nil {
		return err
	}
	if err := tx.Create(&clientRow{Client: *c, NameFold: fold(c.Name)}).Error; err != nil {
		return err
	}
	if len(c.Secrets) > 0 {
		if err := tx.Table(clientSecrets).Create(&c.Secrets).Error; err != nil {
			return err
		}
	}
	return unambiguousClient(tx, c)
}

// createStandIns creates those of the clients that are not there yet. The event
// of their tenant covers them.
func (db *DB) createStandIns(tx *gorm.DB, clients []*tenants.Client) error {
	for _, c := range clients {
		var known clientRow
		there, err := found(tx.Where(oneClient, c.TenantID, c.ID).Take(&known).Error)
		if err != nil {
			return err
		}
		if there && known.AuthMethod != oauth.AuthDialect {
			return &tenants.TakenError{Field: "dialects"}
		}
		if there {
			continue
		}
		db.prepareClient(c)
		if err := createClient(tx, c); err != nil {
			return err
		}
	}
	return nil
}

// UpdateClient stores everything of c but its secrets and what its service
// account inherits.
func (db *DB) UpdateClient(ctx context.Context, c *tenants.Client, e tenants.AuditEvent) error {
	fillClient(c)
	row := clientRow{Client: *c, NameFold: fold(c.Name)}
	row.UpdatedAt = db.now()
	err := db.change(ctx, e, clientEvent(c.TenantID, c.ID), func(tx *gorm.DB) (err error) {
		if row.Version, err = next(tx.Model(&clientRow{}).Where(oneClient, c.TenantID, c.ID), c.Version); err != nil {
			return err
		}
		if err := one(tx.Select("*").Omit("tenant_id", "client_id", "created_at", "last_used_at").Updates(&row)); err != nil {
			return err
		}
		if err := forgetSecrets(tx, c); err != nil {
			return err
		}
		return updateServiceAccount(tx, &row)
	})
	if err == nil {
		c.Version, c.UpdatedAt = row.Version, row.UpdatedAt
	}
	return err
}

// DeleteClient deletes the client with its secrets and its service account, and
// ends its tokens.
func (db *DB) DeleteClient(ctx context.Context, tenantID, clientID string, version int64, e tenants.AuditEvent) error {
	return db.changeAll(ctx, e, func(tx *gorm.DB) ([]feed.Event, error) {
		if _, err := next(tx.Model(&clientRow{}).Where(oneClient, tenantID, clientID), version); err != nil {
			return nil, err
		}
		if err := db.cutOff(tx, tenantID, clientID, ""); err != nil {
			return nil, err
		}
		account := tenants.ServiceAccountID(clientID)
		ended, err := endTokens(tx, tenantID, db.at(e), clientID, account)
		if err != nil {
			return nil, err
		}
		keys, err := deleteUser(tx, tenantID, account)
		if err != nil {
			return nil, err
		}
		return append(keys, clientEvent(tenantID, clientID), ended), one(tx.Where(oneClient, tenantID, clientID).Delete(&clientRow{}))
	})
}
