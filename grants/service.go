package grants

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Directory says what a tenant owns; tenants.Directory is one. It answers
// tenants.ErrNotFound.
type Directory interface {
	Client(ctx context.Context, tenantID, clientID string) (*tenants.Client, error)
	User(ctx context.Context, tenantID, userID string) (*tenants.User, error)
	UserByLogin(ctx context.Context, tenantID, login string) (*tenants.User, error)
	APIKey(ctx context.Context, tenantID string, hash []byte) (*tenants.APIKey, error)
	API(ctx context.Context, tenantID, identifier string) (*tenants.API, error)
	// GrantTypes returns those that some client of the tenant may use.
	GrantTypes(ctx context.Context, tenantID string) ([]string, error)
	OpaqueToken(ctx context.Context, tenantID string, hash []byte) (*tenants.OpaqueToken, error)
	Revoked(ctx context.Context, tenantID string, t tenants.IssuedToken) (bool, error)
	NotBefore(ctx context.Context, tenantID, clientID string, subjects ...string) (int64, error)
}

// Signer signs with a tenant's key of the algorithm, and tells which it was.
// Verify returns the payload of a token that a live key of the tenant signed
// and that is valid now, oauth.ErrInvalidToken for any other.
type Signer interface {
	Sign(ctx context.Context, tenantID, alg, typ string, claims any) (token, kid string, err error)
	Verify(ctx context.Context, tenantID, typ, token string) (payload []byte, err error)
	// Revoked reports whether the tenant's key of that kid was revoked.
	Revoked(ctx context.Context, tenantID, kid string) (bool, error)
	// Forget has the tenant's keys read anew when they are next used.
	Forget(tenantID string)
}

// TokenRequest is a request for a token after its bytes have been understood
// and its tenant has been found.
type TokenRequest struct {
	Tenant      *tenants.Tenant
	Params      oauth.Params
	Credentials oauth.Credentials
	Profile     oauth.Profile
	Browser     Browser
	Address     string // of the caller, for throttling and audit
	RequestID   string
}

// Service answers token requests. It does all that every grant shares, so that
// none can forget it.
type Service struct {
	registry  *Registry
	clients   *Authenticator
	directory Directory
	signer    Signer
	journal   *Journal
	inspector *Inspector
	remotes   *Remotes
	now       func() time.Time
}

// NewService makes a Service.
func NewService(registry *Registry, clients *Authenticator, directory Directory, signer Signer, journal *Journal, now func() time.Time) *Service {
	return &Service{
		registry: registry, clients: clients, directory: directory, signer: signer, journal: journal,
		inspector: NewInspector(directory, signer, now), now: now,
	}
}

// WithRemotes has the Service know the grants that tenants have registered,
// beside those of its Registry. It returns the Service, and is called before the
// first request.
func (s *Service) WithRemotes(r *Remotes) *Service {
	s.remotes = r
	return s
}

// Token answers a token request (RFC 6749 section 3.2). Errors that are the
// client's are *oauth.Error; any other is ours. r's credentials name the client
// afterwards where the grant told which one asks.
func (s *Service) Token(ctx context.Context, r *TokenRequest) (*oauth.Response, error) {
	grant, err := s.grant(ctx, r)
	if err != nil {
		return nil, err
	}
	if r.Credentials, err = s.credentials(ctx, r, grant); err != nil {
		return nil, err
	}
	proof, err := s.clients.prove(ctx, r.Tenant, r.Credentials, r.Address)
	if err != nil {
		return nil, err
	}
	client := proof.Client
	if err := admit(client, grant); err != nil {
		return nil, err
	}
	if err := expected(r); err != nil {
		return nil, err
	}
	subject, err := grant.Authorize(ctx, &Request{
		Tenant: r.Tenant, Client: client, Params: r.Params.Only(grant.Params()), Browser: r.Browser,
		Inspector: s.inspector, Address: r.Address, RequestID: r.RequestID,
	})
	if err != nil {
		return nil, err
	}
	target, err := s.target(ctx, r, client, subject)
	if err != nil {
		return nil, err
	}
	if err := s.permitted(r, client, grant.Type(), subject, target); err != nil {
		return nil, err
	}
	now := s.now()
	life, err := lifetime(r, client, subject.earned(grant, client), subject, target, now)
	if err != nil {
		return nil, err
	}
	issued := &Issued{
		Tenant: r.Tenant, Client: client, Subject: subject, GrantType: grant.Type(), TokenID: newID(), GrantID: subject.GrantID,
		Audience: target.audience, Scopes: target.scopes, At: now, Expiry: now.Add(life),
		Address: r.Address, RequestID: r.RequestID, proof: proof,
	}
	if err := s.renew(ctx, issued, r.Profile); err != nil {
		return nil, err
	}
	token, err := s.sign(ctx, issued, target, r.Profile)
	if err != nil {
		return nil, err
	}
	return &oauth.Response{
		AccessToken: token, TokenType: "Bearer", IssuedTokenType: subject.IssuedTokenType, Scope: target.scopes.String(), RefreshToken: issued.RefreshToken,
		ExpiresIn: int64(issued.Expiry.Sub(now) / time.Second), ExpiresAt: issued.Expiry.Unix(),
	}, nil
}

// sign mints the token that i tells of, and records it. Where another node has
// just revoked the key, the one that replaces it signs.
func (s *Service) sign(ctx context.Context, i *Issued, t *target, p oauth.Profile) (string, error) {
	token, err := s.mint(ctx, i, t, p)
	if err != nil {
		return "", err
	}
	err = s.record(ctx, i)
	if errors.Is(err, errKeyRevoked) {
		s.signer.Forget(i.Tenant.ID)
		if token, err = s.mint(ctx, i, t, p); err != nil {
			return "", err
		}
		err = s.record(ctx, i)
	}
	return token, err
}

// record stores what is about to leave, and consumes what it was paid with and the
// client's proof: last, as nobody gets that back.
func (s *Service) record(ctx context.Context, i *Issued) error {
	if err := s.journal.Issued(ctx, i.Tenant.ID, i.Kid, i.Client.ID, i.Audience, i.At, i.Expiry); err != nil {
		return err
	}
	if err := i.proof.spend(ctx); err != nil {
		return err
	}
	if i.Subject.Spend != nil {
		return i.Subject.Spend(ctx, i)
	}
	if issue := i.Issue(); issue != (tenants.Issue{}) {
		return s.journal.store.RecordIssue(ctx, issue)
	}
	return nil
}

// grant finds the grant before anything is computed for the request.
func (s *Service) grant(ctx context.Context, r *TokenRequest) (Grant, error) {
	name := r.Params["grant_type"]
	if name == "" {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "grant_type is missing")
	}
	grant := s.registry.Lookup(name)
	if grant == nil {
		var err error
		if grant, err = s.remotes.grant(ctx, r.Tenant.ID, name); err != nil {
			return nil, err
		}
	}
	if grant == nil || !serves(r.Profile, name) {
		return nil, oauth.Errorf(oauth.UnsupportedGrantType, oauth.ReasonUnknown, "this grant_type is not supported here")
	}
	return grant, nil
}

// Label names a grant type for metrics, whose labels must be few: those of all
// tenants' own are "remote", and any that works nowhere is "unknown".
func (s *Service) Label(ctx context.Context, tenant *tenants.Tenant, grantType string) string {
	if s.registry.Lookup(grantType) != nil {
		return grantType
	}
	if tenant != nil && grantType != "" {
		if grant, err := s.remotes.grant(ctx, tenant.ID, grantType); err == nil && grant != nil {
			return "remote"
		}
	}
	return "unknown"
}

func serves(p oauth.Profile, grantType string) bool {
	if len(p.Grants) == 0 {
		return true
	}
	for _, served := range p.Grants {
		if served == grantType {
			return true
		}
	}
	return false
}

// isOurs reports whether err is a failure of ours and not an answer.
func isOurs(err error) bool {
	var known *oauth.Error
	return err != nil && !errors.As(err, &known)
}
