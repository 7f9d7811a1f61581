package tenants

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// APIKeyEventKey returns the Key of events about the API key of that hash.
func APIKeyEventKey(hash []byte) string { return base64.RawURLEncoding.EncodeToString(hash) }

// dropOf forgets what a tenant owns of one kind.
func dropOf[V any](c *feed.Cache[owned, V], tenantID string) {
	c.DropIf(func(o owned, _ V) bool { return o.tenantID == tenantID })
}

// Apply forgets what an event says has changed.
func (d *Directory) Apply(e feed.Event) {
	switch e.Kind {
	case feed.Tenant:
		d.dropTenant(e.Key)
	case feed.API:
		d.apis.Drop(owned{e.TenantID, e.Key})
		d.audiences.Drop(e.Key)
	case feed.TrustedIssuer:
		d.issuers.Drop(owned{e.TenantID, e.Key})
	case feed.ImpersonationRule:
		d.rules.Drop(e.TenantID)
	case feed.RemoteGrant:
		d.remotes.Drop(e.TenantID)
	case feed.Client:
		dropOf(d.issuers, e.TenantID) // rules go with the client that they name
		d.rules.Drop(e.TenantID)
		d.grants.Drop(e.TenantID)
		d.clients.Drop(owned{e.TenantID, e.Key})
		d.holders.Drop(e.Key)
		d.users.Drop(owned{e.TenantID, ServiceAccountID(e.Key)})
	case feed.User:
		dropOf(d.issuers, e.TenantID)
		d.rules.Drop(e.TenantID)
		d.users.Drop(owned{e.TenantID, e.Key})
		if clientID, ok := strings.CutPrefix(e.Key, ServiceAccountPrefix); ok {
			d.clients.Drop(owned{e.TenantID, clientID})
		}
	case feed.Group: // whose members it does not name
		d.rules.Drop(e.TenantID)
		dropOf(d.users, e.TenantID)
		dropOf(d.clients, e.TenantID)
	case feed.APIKey:
		d.apiKeys.Drop(owned{e.TenantID, e.Key})
	case feed.Revocation:
		d.applyRevocation(e)
	}
}

// dropTenant forgets the tenant of an id with all that it owns.
func (d *Directory) dropTenant(id string) {
	d.tenants.Drop(id)
	d.names.DropIf(func(_ name, of string) bool { return of == id })
	d.audiences.DropIf(func(_ string, ids []string) bool { return slices.Contains(ids, id) })
	d.holders.Reset() // clients that stand in for a dialect come with their tenant
	dropOf(d.clients, id)
	dropOf(d.apis, id)
	dropOf(d.users, id)
	dropOf(d.apiKeys, id)
	dropOf(d.opaque, id)
	dropOf(d.issuers, id)
	d.revoked.Drop(id)
	d.grants.Drop(id)
	d.rules.Drop(id)
	d.remotes.Drop(id)
}
