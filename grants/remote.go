package grants

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// TypeGrantRequest is the JOSE typ of what a tenant's endpoint is asked with. It
// is that of nothing else, so that no request is ever taken for a token.
const TypeGrantRequest = "gatehouse-grant-request+jwt"

// requestLife is how long an endpoint may take a request for a new one.
const requestLife = time.Minute

// RemoteDirectory says which grants tenants have registered, and who their users
// are; tenants.Directory is one.
type RemoteDirectory interface {
	RemoteGrants(ctx context.Context, tenantID string) ([]tenants.RemoteGrant, error)
	User(ctx context.Context, tenantID, userID string) (*tenants.User, error)
	UserByLogin(ctx context.Context, tenantID, login string) (*tenants.User, error)
}

// IssueLog stores what must be there before a token leaves.
type IssueLog interface {
	RecordIssue(ctx context.Context, i tenants.Issue) error
}

// Remotes are the grants that tenants have registered: endpoints of theirs
// decide. It is safe for concurrent use.
type Remotes struct {
	directory RemoteDirectory
	signer    Signer
	log       IssueLog
	endpoints *endpoints
	now       func() time.Time
}

// NewRemotes makes Remotes. poster reaches the endpoints.
func NewRemotes(directory RemoteDirectory, poster Poster, signer Signer, log IssueLog, now func() time.Time) *Remotes {
	return &Remotes{directory: directory, signer: signer, log: log, endpoints: newEndpoints(poster), now: now}
}

// grant returns the tenant's own grant of that type, nil for none and for one
// that is disabled.
func (r *Remotes) grant(ctx context.Context, tenantID, grantType string) (Grant, error) {
	if r == nil {
		return nil, nil
	}
	list, err := r.directory.RemoteGrants(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(g tenants.RemoteGrant) bool { return g.GrantType == grantType && g.Status == tenants.Active })
	if i < 0 {
		return nil, nil
	}
	if list[i].PublicClients {
		return publicRemote{remote{&list[i], r}}, nil
	}
	return remote{&list[i], r}, nil
}

// types returns the grant types of the tenant's own that work.
func (r *Remotes) types(ctx context.Context, tenantID string) ([]string, error) {
	if r == nil {
		return nil, nil
	}
	list, err := r.directory.RemoteGrants(ctx, tenantID)
	var names []string
	for i := range list {
		if list[i].Status == tenants.Active {
			names = append(names, list[i].GrantType)
		}
	}
	return names, err
}

// remote is the Grant of one registration.
type remote struct {
	*tenants.RemoteGrant
	of *Remotes
}

// publicRemote is remote for public clients too.
type publicRemote struct{ remote }

func (publicRemote) OpenToPublic() {}

func (g remote) Type() string     { return g.GrantType }
func (g remote) Params() []string { return g.RemoteGrant.Params }

// grantRequest is what the endpoint gets, signed by a key of the tenant. It
// holds the parameters that the tenant has registered, and no credentials.
type grantRequest struct {
	Issuer    string       `json:"iss"`
	Audience  string       `json:"aud"`
	IssuedAt  int64        `json:"iat"`
	NotUntil  int64        `json:"nbf"`
	Expiry    int64        `json:"exp"`
	ID        string       `json:"jti"`
	GrantType string       `json:"grant_type"`
	ClientID  string       `json:"client_id"` // authenticated, unless it is a public one
	RequestID string       `json:"request_id"`
	Params    oauth.Params `json:"params"`
}

// Authorize asks the endpoint.
func (g remote) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	now := g.of.now()
	q := &grantRequest{
		Issuer: r.Tenant.Issuer, Audience: g.Endpoint, IssuedAt: now.Unix(), NotUntil: now.Unix(), Expiry: now.Add(requestLife).Unix(),
		ID: newID(), GrantType: g.GrantType, ClientID: r.Client.ID, RequestID: r.RequestID, Params: r.Params,
	}
	alg := r.Tenant.SigningAlg
	if alg == "" {
		alg = DefaultAlg
	}
	signed, _, err := g.of.signer.Sign(ctx, r.Tenant.ID, alg, TypeGrantRequest, q)
	if err != nil {
		return nil, err
	}
	d, err := g.of.endpoints.ask(ctx, r.Tenant.ID, g.RemoteGrant, signed)
	if err != nil {
		return nil, err
	}
	subject, err := g.subject(ctx, r, d)
	if err != nil {
		return nil, err
	}
	subject.Spend = g.recorded(q.ID)
	return subject, nil
}

// subject finds who the endpoint means: the client itself or a person of the
// tenant, nobody else.
func (g remote) subject(ctx context.Context, r *Request, d *decision) (*Subject, error) {
	s := &Subject{ID: r.Client.ID, Claims: d.Claims, Outside: true}
	if d.Scopes != nil {
		s.Scopes, s.ScopesOf = *d.Scopes, "the decision about this grant"
	}
	if d.ExpiresIn > 0 {
		s.Expiry = g.of.now().Add(time.Duration(d.ExpiresIn) * time.Second)
	}
	if d.Subject == r.Client.ID {
		return s, nil
	}
	var err error
	if d.Username != "" {
		s.User, err = g.of.directory.UserByLogin(ctx, r.Tenant.ID, d.Username)
	} else {
		s.User, err = g.of.directory.User(ctx, r.Tenant.ID, d.Subject)
	}
	if err == nil && s.User.IsServiceAccount() {
		err = fmt.Errorf("a service account: %w", tenants.ErrNotFound)
	}
	if errors.Is(err, tenants.ErrNotFound) {
		refused := oauth.Errorf(oauth.InvalidGrant, oauth.ReasonUnknown, "there is no such account")
		refused.Err = fmt.Errorf("the endpoint of the grant %s named nobody of this tenant: %w", g.GrantType, err)
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	s.ID = s.User.ID
	return s, nil
}

// recorded has each token audited together with the request that earned it, so
// that it can be found in the endpoint's own log.
func (g remote) recorded(requestID string) func(context.Context, *Issued) error {
	return func(ctx context.Context, issued *Issued) error {
		issue := issued.Issue()
		issue.Audit.Details["grant_request"] = requestID
		return g.of.log.RecordIssue(ctx, issue)
	}
}
