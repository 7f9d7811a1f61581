package grants

import (
	"bytes"
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

// scopes returns those of the token that its client still may have; a dialect may
// write them as a list.
func (t *Token) scopes() oauth.Scopes {
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

// Live returns the token if it is good, nil for any other: it was issued by this
// tenant and has neither expired nor been revoked, and its client, its user, all
// who act by it and its API are still what they were. So are those of all tokens
// that it was earned by.
func (i *Inspector) Live(ctx context.Context, tenant *tenants.Tenant, token string) (*Token, error) {
	f, err := i.read(ctx, tenant, token)
	if err != nil || f == nil {
		return nil, err
	}
	if gone, err := i.directory.Revoked(ctx, tenant.ID, f.issued()); err != nil || gone {
		return nil, err
	}
	if live, err := i.earnersLive(ctx, tenant.ID, f); err != nil || !live {
		return nil, err
	}
	t := &Token{Claims: f.all, Expiry: time.Unix(f.Expiry, 0), facts: f}
	if t.Client, err = i.usableClient(ctx, tenant.ID, f.ClientID, f.IssuedAt); err != nil || t.Client == nil {
		return nil, err
	}
	if f.Audience != tenant.Issuer {
		still := false
		if t.access, still = t.Client.Access(f.Audience); !still {
			return nil, nil
		}
		api, err := i.directory.API(ctx, tenant.ID, f.Audience)
		if err != nil || f.IssuedAt < api.CreatedAt.Unix() { // its identifier belonged to another one then
			return nil, none(err)
		}
	}
	if f.Subject != f.ClientID {
		if t.User, err = i.activeUser(ctx, tenant.ID, f.Subject, f.IssuedAt); err != nil {
			return nil, err
		}
		if t.User == nil { // another client, whose token was exchanged
			if client, err := i.usableClient(ctx, tenant.ID, f.Subject, f.IssuedAt); err != nil || client == nil {
				return nil, err
			}
		}
	}
	for _, id := range f.Actor.subjects() {
		if able, err := i.ableActor(ctx, tenant.ID, id, f.IssuedAt); err != nil || !able {
			return nil, err
		}
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

// read returns what a token of the tenant says that has not expired, nil for any
// other. It may be revoked.
func (i *Inspector) read(ctx context.Context, tenant *tenants.Tenant, token string) (*facts, error) {
	payload, err := i.payload(ctx, tenant, token)
	if err != nil || payload == nil {
		return nil, err
	}
	var f facts
	if err := oauth.DecodeToken(payload, &f); err != nil {
		return nil, err // it is of our own making
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if err := decoder.Decode(&f.all); err != nil {
		return nil, err
	}
	// Verifying leaves room for clocks that differ; who asks the issuer does not need it.
	if f.Issuer != tenant.Issuer || i.now().Unix() >= f.Expiry {
		return nil, nil
	}
	if !isOpaque(token) {
		f.kid = kidOf(token)
	}
	return &f, nil
}

func (i *Inspector) payload(ctx context.Context, tenant *tenants.Tenant, token string) ([]byte, error) {
	if isOpaque(token) {
		o, err := i.directory.OpaqueToken(ctx, tenant.ID, opaqueHash(tenant.ID, token))
		if err != nil {
			return nil, none(err)
		}
		return o.Claims, nil
	}
	payload, err := i.signer.Verify(ctx, tenant.ID, oauth.TypeAccessToken, token)
	if errors.Is(err, oauth.ErrInvalidToken) {
		return nil, nil
	}
	return payload, err
}

// none is nil for what is not there, and err for what could not be told.
func none(err error) error {
	if errors.Is(err, tenants.ErrNotFound) {
		return nil
	}
	return err
}

// usableClient returns the client, nil for one that cannot be used or that was
// made after the token: its id belonged to another one then.
func (i *Inspector) usableClient(ctx context.Context, tenantID, clientID string, issuedAt int64) (*tenants.Client, error) {
	client, err := i.directory.Client(ctx, tenantID, clientID)
	if err != nil {
		return nil, none(err)
	}
	if !client.Usable(i.now()) || issuedAt < client.CreatedAt.Unix() {
		return nil, nil
	}
	return client, nil
}

// activeUser is usableClient for users; a service account is as usable as its
// client.
func (i *Inspector) activeUser(ctx context.Context, tenantID, userID string, issuedAt int64) (*tenants.User, error) {
	user, err := i.directory.User(ctx, tenantID, userID)
	if err != nil {
		return nil, none(err)
	}
	if user.Status != tenants.Active || issuedAt < user.CreatedAt.Unix() {
		return nil, nil
	}
	if user.IsServiceAccount() {
		if owner, err := i.usableClient(ctx, tenantID, user.ServiceAccountOf, issuedAt); err != nil || owner == nil {
			return nil, err
		}
	}
	return user, nil
}

// ableActor reports whether who acts, a user or a client, may still do so.
func (i *Inspector) ableActor(ctx context.Context, tenantID, id string, issuedAt int64) (bool, error) {
	if user, err := i.activeUser(ctx, tenantID, id, issuedAt); err != nil || user != nil {
		return user != nil, err
	}
	client, err := i.usableClient(ctx, tenantID, id, issuedAt)
	return client != nil, err
}
