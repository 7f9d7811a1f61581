package tenants

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Resolver finds the tenant that a request is for: by host, by path on the
// shared host, or by audience there.
type Resolver struct {
	directory   *Directory
	sharedHosts []string
	defaultSlug string
}

// NewResolver makes a Resolver. The shared host is that of publicURL, where a
// loopback host stands for all of its spellings. defaultSlug names the tenant
// that unknown hosts get, in single-tenant mode; it is empty otherwise.
func NewResolver(directory *Directory, publicURL *url.URL, defaultSlug string) *Resolver {
	shared := []string{NormalHost(publicURL.Host)}
	if shared[0] == "localhost" || net.ParseIP(shared[0]).IsLoopback() {
		shared = []string{"localhost", "127.0.0.1", "::1"}
	}
	return &Resolver{directory: directory, sharedHosts: shared, defaultSlug: defaultSlug}
}

// Resolve finds the tenant by the host that was asked for and the slug in the
// path, empty where there is none. It returns nil and no error on the shared
// host without a slug: there the audience decides. Errors are *oauth.Error:
// unknown_tenant, invalid_target where host and path disagree, tenant_suspended.
func (r *Resolver) Resolve(ctx context.Context, host, slug string) (*Tenant, error) {
	tenant, err := r.byHost(ctx, host)
	if err != nil || slug == "" {
		return r.usable(tenant, err)
	}
	named, err := r.directory.BySlug(ctx, slug)
	if errors.Is(err, ErrNotFound) {
		return nil, oauth.Errorf(oauth.UnknownTenant, oauth.ReasonUnknown, "no tenant has the path /t/%s", printable(slug))
	}
	if err == nil && tenant != nil && tenant.ID != named.ID {
		return nil, oauth.Errorf(oauth.InvalidTarget, oauth.ReasonConflict, "host and path name two different tenants")
	}
	return r.usable(named, err)
}

// byHost returns nil for the shared host.
func (r *Resolver) byHost(ctx context.Context, host string) (*Tenant, error) {
	normal := NormalHost(host)
	for _, shared := range r.sharedHosts {
		if normal == shared {
			return nil, nil
		}
	}
	tenant, err := (*Tenant)(nil), ErrNotFound
	if normal != "" {
		tenant, err = r.directory.ByHost(ctx, normal)
	}
	if errors.Is(err, ErrNotFound) && r.defaultSlug != "" {
		tenant, err = r.directory.BySlug(ctx, r.defaultSlug)
	}
	if errors.Is(err, ErrNotFound) {
		return nil, oauth.Errorf(oauth.UnknownTenant, oauth.ReasonUnknown, "no tenant has the host %s", printable(host))
	}
	return tenant, err
}

// OnSharedHost finds the tenant of a token request on the shared host: by the
// audience or, where none is sent, by the id that a refresh token or a device
// code carries. Errors are *oauth.Error: those of ByAudience, invalid_target
// where the two disagree, invalid_grant for the id of no tenant.
func (r *Resolver) OnSharedHost(ctx context.Context, audience, clientID, tenantID string) (*Tenant, error) {
	if tenantID == "" {
		return r.ByAudience(ctx, audience, clientID)
	}
	if audience == "" {
		tenant, err := r.directory.ByID(ctx, tenantID)
		if errors.Is(err, ErrNotFound) {
			return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonUnknown, "what was sent was given out by no tenant of this server")
		}
		return r.usable(tenant, err)
	}
	tenant, err := r.byAudience(ctx, audience, clientID, tenantID)
	if err == nil && tenant.ID != tenantID {
		return nil, oauth.Errorf(oauth.InvalidTarget, oauth.ReasonConflict, "the audience is of another tenant than what was sent with it")
	}
	return tenant, err
}

// ByAudience finds the tenant on the shared host by the identifier of a
// findable API and, where several tenants have it, by the client_id. Errors
// are *oauth.Error: invalid_target, invalid_client, tenant_suspended. Where none of
// several knows the client_id, one of them is to refuse the client: it counts the
// failure, so that a client that is there cannot be told by being slowed down.
func (r *Resolver) ByAudience(ctx context.Context, audience, clientID string) (*Tenant, error) {
	return r.byAudience(ctx, audience, clientID, "")
}

// byAudience is ByAudience that prefers the tenant of an id as the one who refuses.
func (r *Resolver) byAudience(ctx context.Context, audience, clientID, preferred string) (*Tenant, error) {
	if audience == "" {
		return nil, oauth.Errorf(oauth.InvalidTarget, oauth.ReasonMissing,
			"this host is shared by all tenants: name the API by audience or resource, or use the tenant's own host or its path /t/{slug}")
	}
	ids, err := r.directory.ByAudience(ctx, audience)
	if err != nil {
		return nil, err
	}
	switch len(ids) {
	case 0:
		return nil, errNotServed()
	case 1:
		return r.served(ctx, ids[0])
	}
	found, err := r.knowing(ctx, ids, clientID)
	switch {
	case err != nil:
		return nil, err
	case found != "":
		return r.served(ctx, found)
	case slices.Contains(ids, preferred):
		ids = append([]string{preferred}, ids...)
	}
	return r.anyActive(ctx, ids)
}

func errNotServed() error {
	return oauth.Errorf(oauth.InvalidTarget, oauth.ReasonUnknown, "no API with this identifier is served on the shared host")
}

// served returns the tenant of an id that an audience led to.
func (r *Resolver) served(ctx context.Context, id string) (*Tenant, error) {
	tenant, err := r.directory.ByID(ctx, id)
	if errors.Is(err, ErrNotFound) { // deleted since
		return nil, errNotServed()
	}
	return r.usable(tenant, err)
}

// anyActive returns the first active one of some tenants.
func (r *Resolver) anyActive(ctx context.Context, ids []string) (*Tenant, error) {
	for _, id := range ids {
		tenant, err := r.directory.ByID(ctx, id)
		if err == nil && tenant.Status == Active || err != nil && !errors.Is(err, ErrNotFound) {
			return tenant, err
		}
	}
	return nil, oauth.Errorf(oauth.InvalidClient, oauth.ReasonUnknown, "client authentication failed")
}

// knowing returns the one of some tenants, sorted by their ids, that knows the
// client_id, "" for none. Clients that stand in for a dialect have the same id
// everywhere: they count where no other client has it. It costs the same however
// many tenants there are.
func (r *Resolver) knowing(ctx context.Context, ids []string, clientID string) (string, error) {
	holders, err := r.directory.ClientHolders(ctx, clientID)
	if err != nil {
		return "", err
	}
	var own, standIns []string
	for _, holder := range holders {
		if _, among := slices.BinarySearch(ids, holder.TenantID); !among {
			continue
		}
		if holder.StandIn {
			standIns = append(standIns, holder.TenantID)
		} else {
			own = append(own, holder.TenantID)
		}
	}
	if len(own) == 0 {
		own = standIns
	}
	switch len(own) {
	case 0:
		return "", nil
	case 1:
		return own[0], nil
	}
	return "", oauth.Errorf(oauth.InvalidTarget, oauth.ReasonConflict, "several tenants with this audience know the client_id")
}

// Agrees answers invalid_target where a tenant that host or path name has no API
// of the identifier, and another one has made its own findable: the request means
// that one. Whom the shared host would tell nothing of the identifier is told
// nothing here.
func (r *Resolver) Agrees(ctx context.Context, tenant *Tenant, audience string) error {
	if audience == "" || audience == tenant.Issuer {
		return nil
	}
	if _, err := r.directory.API(ctx, tenant.ID, audience); !errors.Is(err, ErrNotFound) {
		return err
	}
	others, err := r.directory.ByAudience(ctx, audience)
	if err != nil || len(others) == 0 {
		return err
	}
	return oauth.Errorf(oauth.InvalidTarget, oauth.ReasonConflict, "the audience is of another tenant than host or path name")
}

func (r *Resolver) usable(tenant *Tenant, err error) (*Tenant, error) {
	if err != nil || tenant == nil {
		return nil, err
	}
	if tenant.Status != Active {
		return nil, oauth.Errorf(oauth.TenantSuspended, oauth.ReasonDisabled, "this tenant is suspended")
	}
	return tenant, nil
}

// printable returns at most 100 characters of what a client sent, with those
// replaced that RFC 6749 section 5.2 does not allow in a description.
func printable(s string) string {
	if s == "" {
		return "(none)"
	}
	s = s[:min(len(s), 100)]
	return strings.Map(func(c rune) rune {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return '?'
		}
		return c
	}, s)
}
