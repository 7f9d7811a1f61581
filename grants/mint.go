package grants

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Lifetimes of access tokens on the platform, in seconds.
const (
	platformDefault = 900
	platformMax     = 86400
)

// DefaultAlg signs where neither the API nor the tenant says otherwise.
const DefaultAlg = "RS256"

// lifetime applies the rule of all lifetimes: the first default that is set
// among client's grant, client, API, dialect, tenant and platform counts, and
// every maximum on that way caps it.
func lifetime(r *TokenRequest, grantType string, client *tenants.Client, api *tenants.API) time.Duration {
	way := []tenants.Lifetime{
		{Default: client.Lifetimes[grantType]},
		client.Lifetime,
		{},
		{Default: r.Profile.DefaultLifetime, Max: r.Profile.MaxLifetime},
		r.Tenant.Lifetime,
		{Default: platformDefault, Max: platformMax},
	}
	if api != nil {
		way[2] = api.Lifetime
	}
	seconds := 0
	for _, step := range way {
		if seconds == 0 {
			seconds = step.Default
		}
	}
	for _, step := range way {
		if step.Max > 0 {
			seconds = min(seconds, step.Max)
		}
	}
	return time.Duration(seconds) * time.Second
}

// claims are those of an RFC 9068 access token.
type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expiry   int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	NotUntil int64  `json:"nbf"`
	ID       string `json:"jti"`
	ClientID string `json:"client_id"`
	Scope    string `json:"scope,omitempty"`
}

// mint signs the token that i tells of, and notes in it which key did.
func (s *Service) mint(ctx context.Context, i *Issued, t *target) (token string, err error) {
	alg := i.Tenant.SigningAlg
	if t.api != nil && t.api.SigningAlg != "" {
		alg = t.api.SigningAlg
	}
	if alg == "" {
		alg = DefaultAlg
	}
	c := &claims{
		Issuer: i.Tenant.Issuer, Subject: i.Subject.ID, Audience: i.Audience,
		Expiry: i.Expiry.Unix(), IssuedAt: i.At.Unix(), NotUntil: i.At.Unix(),
		ID: i.TokenID, ClientID: i.Client.ID, Scope: i.Scopes.String(),
	}
	token, i.Kid, err = s.signer.Sign(ctx, i.Tenant.ID, alg, oauth.TypeAccessToken, c.with(i.Subject.Claims))
	return token, err
}

// with adds further claims. They cannot replace what is decided here.
func (c *claims) with(further map[string]any) any {
	if len(further) == 0 {
		return c
	}
	all := maps.Clone(further)
	delete(all, "scope")
	if c.Scope != "" {
		all["scope"] = c.Scope
	}
	all["iss"], all["sub"], all["aud"] = c.Issuer, c.Subject, c.Audience
	all["exp"], all["iat"], all["nbf"] = c.Expiry, c.IssuedAt, c.NotUntil
	all["jti"], all["client_id"] = c.ID, c.ClientID
	return all
}

// newID returns 128 random bits (RFC 6749 section 10.10).
func newID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(id[:])
}
