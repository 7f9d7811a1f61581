package grants

import (
	"context"
	"crypto/hmac"
	"errors"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/secrets"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// ClientAuth is one method by which a client proves who it is.
type ClientAuth interface {
	// Methods are the registered names that it stands for.
	Methods() []string
	// Authenticate answers nil if the proof is the client's. For a client that
	// does not exist it is called with one that has nothing, so that both cost
	// the same.
	Authenticate(ctx context.Context, p *Proof) error
}

// Proof is what a ClientAuth judges: one reading of the credentials, against
// the client that they name.
type Proof struct {
	Tenant      *tenants.Tenant
	Client      *tenants.Client
	Credentials oauth.Credentials
	Pair        oauth.Pair // the reading of a shared secret that is tried
	// SecretID or KeyID is set by who judges: the id of the secret or of the key
	// that proved it.
	SecretID, KeyID string
	// Spend is set by who judges a proof that is good for one use: it uses it up, for
	// exactly one caller. Nil for any other.
	Spend func(context.Context) error
}

func (p *Proof) spend(ctx context.Context) error {
	if p.Spend == nil {
		return nil
	}
	return p.Spend(ctx)
}

// Authenticator finds out which client asks.
type Authenticator struct {
	directory Directory
	methods   map[string]ClientAuth
	names     []string
	throttle  *Throttle
	uses      LastUses[tenants.ClientUse]
	now       func() time.Time
}

// NewAuthenticator makes an Authenticator that knows the given methods.
func NewAuthenticator(directory Directory, throttle *Throttle, now func() time.Time, list ...ClientAuth) *Authenticator {
	a := &Authenticator{directory: directory, methods: map[string]ClientAuth{}, throttle: throttle, now: now}
	for _, method := range list {
		for _, name := range method.Methods() {
			if _, twice := a.methods[name]; twice {
				panic("grants: client authentication method " + name + " is registered twice")
			}
			a.methods[name] = method
			if name != oauth.AuthDialect { // no client can choose it
				a.names = append(a.names, name)
			}
		}
	}
	return a
}

// Methods returns the names of all methods that work, for metadata.
func (a *Authenticator) Methods() []string { return a.names }

// Algs returns the algorithms that assertions may be signed with, for metadata;
// nothing where no method takes any.
func (a *Authenticator) Algs() []string {
	algs := []string{}
	for _, name := range a.names {
		if signed, ok := a.methods[name].(interface{ Algs() []string }); ok {
			algs = append(algs, signed.Algs()...)
		}
	}
	return algs
}

// Authenticate returns the client that the credentials prove. A client that
// does not exist, a wrong secret and a method that is not the client's are
// answered alike, with invalid_client; so are, once the credentials are
// proven, expired and disabled clients, with a Reason of their own. A proof that is
// good for one use is used up, whatever comes of the request.
func (a *Authenticator) Authenticate(ctx context.Context, tenant *tenants.Tenant, c oauth.Credentials, address string) (*tenants.Client, error) {
	proof, err := a.prove(ctx, tenant, c, address)
	if err != nil {
		return nil, err
	}
	return proof.Client, proof.spend(ctx)
}

// prove is Authenticate that leaves it to the caller to spend the proof.
func (a *Authenticator) prove(ctx context.Context, tenant *tenants.Tenant, c oauth.Credentials, address string) (*Proof, error) {
	method := a.methods[c.Method]
	if method == nil {
		return nil, oauth.Errorf(oauth.InvalidClient, oauth.ReasonMissing, "client authentication is missing")
	}
	attempts := asClient(tenant.ID, c, address)
	wait := a.throttle.Longest(attempts)
	if wait > 0 && guessable(c) {
		return nil, failedAsClient(wait)
	}
	failure := oauth.Errorf(oauth.InvalidClient, oauth.ReasonWrong, "client authentication failed")
	for _, pair := range c.Readings {
		proof, err := a.try(ctx, tenant, method, c, pair)
		if err == nil {
			return proof, nil
		}
		if isOurs(err) {
			return nil, err
		}
		refused := oauth.AsError(err)
		if refused.Reason != oauth.ReasonWrong {
			failure = refused
		} else if failure.Err == nil {
			failure.Err = refused.Err // for the log only
		}
	}
	if failure.Reason == oauth.ReasonWrong {
		a.throttle.Failed(attempts)
		if wait > 0 {
			return nil, failedAsClient(wait)
		}
	}
	return nil, failure
}

func failedAsClient(wait time.Duration) error {
	return slowDown(wait, "failed attempts for this client from this address")
}

// ClientSecretPrefix begins the client secrets that are made here.
const ClientSecretPrefix = "gatehouse_cs_"

// guessable reports whether the credentials may be a guess that is worth a try.
// Nobody guesses a signature by a private key, nor 256 random bits, and who brings
// no proof guesses none: these are judged however many others failed from the
// address, so that nobody there locks such a client out.
func guessable(c oauth.Credentials) bool {
	switch c.Method {
	case oauth.AuthPrivateKeyJWT, oauth.AuthNone, oauth.AuthDialect:
		return false
	}
	return slices.ContainsFunc(c.Readings, func(p oauth.Pair) bool { return !secrets.Valid(ClientSecretPrefix, p.Secret) })
}

func (a *Authenticator) try(ctx context.Context, tenant *tenants.Tenant, method ClientAuth, c oauth.Credentials, pair oauth.Pair) (*Proof, error) {
	client, err := a.directory.Client(ctx, tenant.ID, pair.ClientID)
	unknown := errors.Is(err, tenants.ErrNotFound)
	if unknown {
		client, err = &tenants.Client{TenantID: tenant.ID, ID: pair.ClientID}, nil
	}
	if err != nil {
		return nil, err
	}
	proof := &Proof{Tenant: tenant, Client: client, Credentials: c, Pair: pair}
	if err := method.Authenticate(ctx, proof); err != nil {
		return nil, err
	}
	if unknown {
		return nil, notProven(errors.New("there is no such client"))
	}
	if !slices.Contains(method.Methods(), client.AuthMethod) {
		return nil, notProven(errors.New("the client authenticates by another method"))
	}
	if client.Status != tenants.Active {
		return nil, oauth.Errorf(oauth.InvalidClient, oauth.ReasonDisabled, "the client is disabled")
	}
	if client.ExpiresAt != nil && !a.now().Before(*client.ExpiresAt) {
		return nil, oauth.Errorf(oauth.InvalidClient, oauth.ReasonExpired, "the client has expired")
	}
	a.uses.note(tenants.ClientUse{TenantID: tenant.ID, ClientID: client.ID, SecretID: proof.SecretID, KeyID: proof.KeyID}, a.now())
	return proof, nil
}

func wrong() error {
	return oauth.Errorf(oauth.InvalidClient, oauth.ReasonWrong, "client authentication failed")
}

// Pepper computes the keyed hash under which a tenant's secrets are kept.
type Pepper interface {
	MAC(ctx context.Context, tenantID string, parts ...string) ([]byte, error)
}

// ClientSecret is authentication by a shared secret (RFC 6749 section 2.3.1).
// Both ways of sending it prove the same, so that a client may use either.
type ClientSecret struct {
	Pepper Pepper
	Now    func() time.Time
}

// Methods returns client_secret_basic and client_secret_post.
func (ClientSecret) Methods() []string {
	return []string{oauth.AuthSecretBasic, oauth.AuthSecretPost}
}

// Authenticate compares the secret with each of the client's in constant time.
func (m ClientSecret) Authenticate(ctx context.Context, p *Proof) error {
	hash, err := m.Pepper.MAC(ctx, p.Tenant.ID, tenants.ClientSecretPurpose, p.Client.ID, p.Pair.Secret)
	if err != nil {
		return err
	}
	now, failure := m.Now(), wrong()
	for _, secret := range p.Client.Secrets {
		if !hmac.Equal(hash, secret.Hash) {
			continue
		}
		if secret.ExpiresAt == nil || now.Before(*secret.ExpiresAt) {
			p.SecretID = secret.ID
			return nil
		}
		failure = oauth.Errorf(oauth.InvalidClient, oauth.ReasonExpired, "the client secret has expired")
	}
	return failure
}
