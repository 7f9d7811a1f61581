package grants

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// PublicClient is the method of clients that can keep no secret (RFC 6749
// section 2.1): they say who they are, and prove nothing. What they may ask for
// is only what a grant that OpenToPublic says so gives.
type PublicClient struct{}

// Methods returns none.
func (PublicClient) Methods() []string { return []string{oauth.AuthNone} }

// Authenticate refuses clients of every other method.
func (PublicClient) Authenticate(_ context.Context, p *Proof) error {
	if p.Client.AuthMethod != oauth.AuthNone {
		return oauth.Errorf(oauth.InvalidClient, oauth.ReasonMissing, "client authentication is missing")
	}
	return nil
}

// OpenToPublic is a Grant that brings a proof of its own, so that public clients
// may use it too.
type OpenToPublic interface{ OpenToPublic() }

// NamesClient is a Grant whose proof tells which client asks, for requests that
// name none (RFC 7521 section 4.1).
type NamesClient interface {
	// ClientID returns the only client that the proof is good for. That client is
	// a public one still: one of any other method has to authenticate.
	ClientID(ctx context.Context, tenant *tenants.Tenant, params oauth.Params) (string, error)
}

// credentials returns those of the request, or the name of a client where the
// grant tells which one asks.
func (s *Service) credentials(ctx context.Context, r *TokenRequest, grant Grant) (oauth.Credentials, error) {
	names, ok := grant.(NamesClient)
	if !ok || !r.Credentials.Nothing() {
		return r.Credentials, nil
	}
	id, err := names.ClientID(ctx, r.Tenant, r.Params.Only(grant.Params()))
	return oauth.Credentials{Method: oauth.AuthNone, Readings: []oauth.Pair{{ClientID: id}}}, err
}

// admit answers unauthorized_client for a client that may not use the grant.
func admit(client *tenants.Client, grant Grant) error {
	if !client.AllowsGrant(grant.Type()) {
		return oauth.Errorf(oauth.UnauthorizedClient, oauth.ReasonForbidden, "this client may not use the grant %s", grant.Type())
	}
	_, open := grant.(OpenToPublic)
	if client.AuthMethod == oauth.AuthDialect {
		_, proves := grant.(OpenToDialects)
		open = open || proves
	}
	if client.IsPublic() && !open {
		return oauth.Errorf(oauth.UnauthorizedClient, oauth.ReasonForbidden, "a public client may not use the grant %s", grant.Type())
	}
	return nil
}

// PublicTypes returns the types of the grants that public clients may use.
func (r *Registry) PublicTypes() []string {
	var open []string
	for _, name := range r.types {
		if _, ok := r.grants[name].(OpenToPublic); ok {
			open = append(open, name)
		}
	}
	return open
}
