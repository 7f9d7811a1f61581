package grants

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// DefaultAlg signs where neither the API nor the tenant says otherwise.
const DefaultAlg = "RS256"

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
	GrantID  string `json:"grant_id,omitempty"` // our own: the family of refresh tokens or the API key
	// Exchanged is our own: the tokens that this one was earned by.
	Exchanged []exchanged `json:"exchanged,omitempty"`
	// RenewUntil is our own: when the last token ends that this one can be renewed to.
	RenewUntil int64 `json:"renew_until,omitempty"`
}

// mint makes the token that i tells of, and notes in it which key signed or what
// is to be stored.
func (s *Service) mint(ctx context.Context, i *Issued, t *target, p oauth.Profile) (token string, err error) {
	alg := i.Tenant.SigningAlg
	if t.api != nil && t.api.SigningAlg != "" {
		alg = t.api.SigningAlg
	}
	if alg == "" {
		alg = DefaultAlg
	}
	issuedAt, err := s.issuedAt(ctx, i, t.api)
	if err != nil {
		return "", err
	}
	c := &claims{
		Issuer: i.Tenant.Issuer, Subject: i.Subject.ID, Audience: i.Audience,
		Expiry: i.Expiry.Unix(), IssuedAt: issuedAt, NotUntil: i.At.Unix(),
		ID: i.TokenID, ClientID: i.Client.ID, Scope: i.Scopes.String(), GrantID: i.GrantID,
		Exchanged: i.Subject.Exchanged, RenewUntil: renewUntil(i, p),
	}
	further, err := s.furtherClaims(ctx, i, t.api)
	if err != nil {
		return "", err
	}
	if len(p.Claims) > 0 {
		further = dialectClaims(p, i, c, further)
	}
	if format, _ := tenants.TokenFormat(i.Client, t.api); format == tenants.FormatOpaque {
		return mintOpaque(i, c.with(further), p.OpaqueUUIDs)
	}
	token, i.Kid, err = s.signer.Sign(ctx, i.Tenant.ID, alg, oauth.TypeAccessToken, c.with(further))
	return token, err
}

// issuedAt returns the token's iat: now, but later than what was revoked before
// it, and not before its client, user and API were there. That differs from now for a
// token of the second of a revocation, and where the clock of a node lags.
func (s *Service) issuedAt(ctx context.Context, i *Issued, api *tenants.API) (int64, error) {
	at := max(i.At.Unix(), i.Client.CreatedAt.Unix())
	if i.Subject.User != nil {
		at = max(at, i.Subject.User.CreatedAt.Unix())
	}
	if api != nil {
		at = max(at, api.CreatedAt.Unix())
	}
	subjects, err := actors(i.Subject.Claims["act"])
	if err != nil {
		return 0, err
	}
	dead, err := s.directory.NotBefore(ctx, i.Tenant.ID, i.Client.ID, append(subjects, i.Subject.ID)...)
	return max(at, dead+1), err
}

// actors returns who acts by a token, from its act claim.
func actors(act any) (list []string, err error) {
	if act == nil {
		return nil, nil
	}
	text, err := json.Marshal(act)
	if err != nil {
		return nil, err
	}
	var a *actor
	if err := oauth.DecodeToken(text, &a); err != nil {
		return nil, err
	}
	return a.subjects(), nil
}

// with adds further claims. They cannot replace what is decided here.
func (c *claims) with(further map[string]any) any {
	if len(further) == 0 {
		return c
	}
	all := maps.Clone(further)
	if words, ok := all["scope"].([]string); !ok || strings.Join(words, " ") != c.Scope { // a dialect may write it as a list
		delete(all, "scope")
		if c.Scope != "" {
			all["scope"] = c.Scope
		}
	}
	delete(all, "grant_id")
	if c.GrantID != "" {
		all["grant_id"] = c.GrantID
	}
	delete(all, "exchanged")
	if c.Exchanged != nil {
		all["exchanged"] = c.Exchanged
	}
	delete(all, "renew_until")
	if c.RenewUntil != 0 {
		all["renew_until"] = c.RenewUntil
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
