package grants

import (
	"context"
	"errors"
	"slices"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Browser is what a browser says of a request beside its parameters. It is
// empty for a request that did not come to the tenant's own host: tenants that
// are told apart by their path share one origin.
type Browser struct {
	Session   string // the value of the session's cookie
	Origin    string // the Origin header (RFC 6454), all of them if there are several
	FetchSite string // Sec-Fetch-Site (W3C Fetch Metadata)
	OwnOrigin string // the origin of the tenant's host, as the request reached it
	// OfDialect says that Session comes from a cookie that a dialect names.
	OfDialect bool
}

// sameOrigin reports whether the page that asks is one of the tenant's host.
func (b *Browser) sameOrigin() bool { return b.OwnOrigin != "" && b.Origin == b.OwnOrigin }

// fromListedPage answers access_denied unless the request comes from a page of
// the tenant's own host or of an origin that the client lists. What no page has
// sent is refused too.
func (b *Browser) fromListedPage(client *tenants.Client) error {
	if b.OwnOrigin == "" {
		return oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "sessions are exchanged on the tenant's own host only")
	}
	if b.FetchSite == "cross-site" || b.Origin == "" || !b.sameOrigin() && !slices.Contains(client.AllowedOrigins, b.Origin) {
		return oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "pages of this origin may not exchange sessions for this client")
	}
	return nil
}

// ListsOrigin reports whether the tenant's client of that id may be used, and
// lists the origin of pages.
func (s *Service) ListsOrigin(ctx context.Context, tenant *tenants.Tenant, clientID, origin string) (bool, error) {
	client, err := s.directory.Client(ctx, tenant.ID, clientID)
	if errors.Is(err, tenants.ErrNotFound) {
		return false, nil
	}
	return err == nil && client.Usable(s.now()) && slices.Contains(client.AllowedOrigins, origin), err
}

// AllowsOrigin reports whether pages of the request's origin may read the answer
// to a client's request although it is not their own.
func (s *Service) AllowsOrigin(ctx context.Context, tenant *tenants.Tenant, clientID string, b *Browser) (bool, error) {
	if b.Origin == "" || b.OwnOrigin == "" || b.sameOrigin() {
		return false, nil
	}
	client, err := s.directory.Client(ctx, tenant.ID, clientID)
	if errors.Is(err, tenants.ErrNotFound) {
		return false, nil
	}
	return err == nil && client.Usable(s.now()) && b.fromListedPage(client) == nil, err
}
