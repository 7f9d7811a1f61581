package grants

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Inspector tells what an access token of a tenant is worth at this moment. Who
// takes such a token, by introspection or in an exchange, asks it.
type Inspector struct {
	directory Directory
	signer    Signer
	now       func() time.Time
}

// NewInspector makes an Inspector.
func NewInspector(directory Directory, signer Signer, now func() time.Time) *Inspector {
	return &Inspector{directory: directory, signer: signer, now: now}
}

// Token is an access token that is good at this moment.
type Token struct {
	Claims map[string]any  // numbers are json.Number
	Client *tenants.Client // to which it was issued
	User   *tenants.User   // whom it speaks for; nil for a client
	Expiry time.Time

	facts  *facts
	access tenants.APIAccess // what the client may have of the token's API
}

// Scopes returns those of the token that its client still may have, however a
// dialect has written them into it.
func (t *Token) Scopes() oauth.Scopes {
	switch scope := t.Claims["scope"].(type) {
	case string:
		return oauth.Scopes(strings.Fields(scope)).Within(t.access.Scopes)
	case []any:
		return oauth.Scopes(asTexts(scope)).Within(t.access.Scopes)
	}
	return nil
}

// ofSubject returns the claims that go on to be true of the subject.
func (t *Token) ofSubject() map[string]any {
	claims := map[string]any{}
	for _, name := range []string{"auth_time", "amr", "acr", "may_act"} {
		if value, ok := t.Claims[name]; ok {
			claims[name] = value
		}
	}
	return claims
}

// Live returns the token if Judge finds it good, nil if it does not.
func (i *Inspector) Live(ctx context.Context, tenant *tenants.Tenant, token string) (*Token, error) {
	t, err := i.Judge(ctx, tenant, token)
	if errors.Is(err, oauth.ErrInvalidToken) {
		return nil, nil
	}
	return t, err
}

// Judge returns the token if it is good: it was issued by this tenant and has
// neither expired nor been revoked, and its client, its user, all who act by it and
// its API are still what they were. So are those of all tokens that it was earned
// by. Any other is oauth.ErrInvalidToken, which says why; other errors mean that it
// could not be told.
func (i *Inspector) Judge(ctx context.Context, tenant *tenants.Tenant, token string) (*Token, error) {
	f, err := i.read(ctx, tenant, token)
	if err != nil {
		return nil, err
	}
	t := &Token{Claims: f.all, Expiry: time.Unix(f.Expiry, 0), facts: f}
	if t.Client, err = i.usableClient(ctx, tenant.ID, f.ClientID, f.IssuedAt); err != nil {
		return nil, err
	}
	if f.Audience != tenant.Issuer {
		if t.access, err = i.allowedAPI(ctx, t.Client, f); err != nil {
			return nil, err
		}
	}
	if f.Subject != f.ClientID { // that of another client was exchanged
		if t.User, err = i.ableParty(ctx, tenant.ID, f.Subject, f.IssuedAt); err != nil {
			return nil, err
		}
	}
	for _, id := range f.Actor.subjects() {
		if _, err := i.ableParty(ctx, tenant.ID, id, f.IssuedAt); err != nil {
			return nil, err
		}
	}
	if err := i.kept(ctx, tenant.ID, f.issued()); err != nil {
		return nil, err
	}
	if err := i.earnersLive(ctx, tenant.ID, f); err != nil {
		return nil, err
	}
	return t, nil
}

// facts are the claims of a token that count here.
type facts struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expiry   int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	ID       string `json:"jti"`
	ClientID string `json:"client_id"`
	GrantID  string `json:"grant_id"`
	Actor    *actor `json:"act"`
	MayAct   *party `json:"may_act"`
	// Exchanged are the traces of the tokens that it was earned by.
	Exchanged []exchanged `json:"exchanged"`
	// RenewUntil is when the last token ends that it can be renewed to; 0: it cannot.
	RenewUntil int64 `json:"renew_until"`

	all map[string]any
	kid string // of the key that signed; empty for an opaque token
}

// actor is the act claim of RFC 8693 section 4.1.
type actor struct {
	Subject string `json:"sub"`
	Actor   *actor `json:"act,omitempty"`
}

// subjects returns who acts, the last actor first.
func (a *actor) subjects() (list []string) {
	for ; a != nil; a = a.Actor {
		list = append(list, a.Subject)
	}
	return list
}

func (f *facts) issued() tenants.IssuedToken {
	return tenants.IssuedToken{ID: f.ID, GrantID: f.GrantID, ClientID: f.ClientID, Subjects: append(f.Actor.subjects(), f.Subject), At: f.IssuedAt}
}

// read returns what a token of the tenant says that has not expired; any other is
// oauth.ErrInvalidToken. It may be revoked.
func (i *Inspector) read(ctx context.Context, tenant *tenants.Tenant, token string) (*facts, error) {
	payload, err := i.payload(ctx, tenant, token)
	if err != nil {
		return nil, err
	}
	var f facts
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if err := cmp.Or(oauth.DecodeToken(payload, &f), decoder.Decode(&f.all)); err != nil {
		return nil, oauth.InvalidTokenf("its claims are not those of an access token")
	}
	// Verifying leaves room for clocks that differ; who asks the issuer does not need it.
	switch {
	case f.Issuer != tenant.Issuer:
		return nil, oauth.InvalidTokenf("its issuer is another one")
	case i.now().Unix() >= f.Expiry:
		return nil, oauth.InvalidTokenf("it has expired")
	}
	if !isOpaque(token) {
		f.kid = kidOf(token)
	}
	return &f, nil
}

func (i *Inspector) payload(ctx context.Context, tenant *tenants.Tenant, token string) ([]byte, error) {
	if !isOpaque(token) {
		return i.signer.Verify(ctx, tenant.ID, oauth.TypeAccessToken, token)
	}
	stored, err := i.directory.OpaqueToken(ctx, tenant.ID, opaqueHash(tenant.ID, token))
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, oauth.InvalidTokenf("it is not known")
	}
	if err != nil {
		return nil, err
	}
	return stored.Claims, nil
}

// none is nil for what is not there, and err for what could not be told.
func none(err error) error {
	if errors.Is(err, tenants.ErrNotFound) {
		return nil
	}
	return err
}

// kept refuses a token that was revoked.
func (i *Inspector) kept(ctx context.Context, tenantID string, t tenants.IssuedToken) error {
	gone, err := i.directory.Revoked(ctx, tenantID, t)
	if err == nil && gone {
		err = oauth.InvalidTokenf("it was revoked")
	}
	return err
}

// usableClient returns the client unless it cannot be used or was made after the
// token: its id belonged to another one then.
func (i *Inspector) usableClient(ctx context.Context, tenantID, clientID string, issuedAt int64) (*tenants.Client, error) {
	client, err := i.directory.Client(ctx, tenantID, clientID)
	switch {
	case errors.Is(err, tenants.ErrNotFound), err == nil && issuedAt < client.CreatedAt.Unix():
		return nil, oauth.InvalidTokenf("its client was deleted")
	case err != nil:
		return nil, err
	case client.Status != tenants.Active:
		return nil, oauth.InvalidTokenf("its client is disabled")
	case !client.Usable(i.now()):
		return nil, oauth.InvalidTokenf("its client has expired")
	}
	return client, nil
}

// allowedAPI returns what the client may have of the token's API, whose identifier
// may have belonged to another one, too.
func (i *Inspector) allowedAPI(ctx context.Context, client *tenants.Client, f *facts) (tenants.APIAccess, error) {
	access, still := client.Access(f.Audience)
	if !still {
		return access, oauth.InvalidTokenf("its client may not use its API any more")
	}
	api, err := i.directory.API(ctx, client.TenantID, f.Audience)
	if errors.Is(err, tenants.ErrNotFound) || err == nil && f.IssuedAt < api.CreatedAt.Unix() {
		return access, oauth.InvalidTokenf("its API was deleted")
	}
	return access, err
}

// ableParty returns the user whom a token speaks for or who acts by it, nil for a
// client.
func (i *Inspector) ableParty(ctx context.Context, tenantID, id string, issuedAt int64) (*tenants.User, error) {
	if user, err := i.activeUser(ctx, tenantID, id, issuedAt); !errors.Is(err, oauth.ErrInvalidToken) {
		return user, err
	}
	_, err := i.usableClient(ctx, tenantID, id, issuedAt)
	if errors.Is(err, oauth.ErrInvalidToken) {
		err = oauth.InvalidTokenf("its user, or who acts by it, is disabled or was deleted")
	}
	return nil, err
}

// activeUser is usableClient for users; a service account is as usable as its
// client.
func (i *Inspector) activeUser(ctx context.Context, tenantID, userID string, issuedAt int64) (*tenants.User, error) {
	user, err := i.directory.User(ctx, tenantID, userID)
	switch {
	case err != nil && !errors.Is(err, tenants.ErrNotFound):
		return nil, err
	case err != nil, user.Status != tenants.Active, issuedAt < user.CreatedAt.Unix():
		return nil, oauth.ErrInvalidToken
	case user.IsServiceAccount():
		_, err = i.usableClient(ctx, tenantID, user.ServiceAccountOf, issuedAt)
	}
	return user, err
}
