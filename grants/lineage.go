package grants

import (
	"cmp"
	"context"
	"encoding/base64"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// exchanged is our own claim of a token that was earned by another one: the trace
// of each token on the way, the first one first. Whatever ends one of these ends
// what came of it.
type exchanged struct {
	ID       string `json:"jti"`
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
	IssuedAt int64  `json:"iat"`
	GrantID  string `json:"grant_id,omitempty"`
	Kid      string `json:"kid,omitempty"` // of the key that signed it; empty for an opaque one
}

// kidOf returns the kid of a JWT that was verified, "" for an opaque token.
func kidOf(token string) string {
	encoded, _, _ := strings.Cut(token, ".")
	data, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	var header struct {
		Kid string `json:"kid"`
	}
	if err := oauth.DecodeToken(data, &header); err != nil {
		return ""
	}
	return header.Kid
}

// trace returns what a token leaves in those that it earns.
func (f *facts) trace() exchanged {
	return exchanged{ID: f.ID, Subject: f.Subject, ClientID: f.ClientID, IssuedAt: f.IssuedAt, GrantID: f.GrantID, Kid: f.kid}
}

// earnersLive refuses a token unless every one by which it was earned could still
// be used, had it not expired.
func (i *Inspector) earnersLive(ctx context.Context, tenantID string, f *facts) error {
	for _, e := range f.Exchanged {
		if err := i.earnerLive(ctx, tenantID, e); err != nil {
			return err
		}
	}
	return nil
}

func (i *Inspector) earnerLive(ctx context.Context, tenantID string, e exchanged) error {
	if err := i.kept(ctx, tenantID, tenants.IssuedToken{
		ID: e.ID, GrantID: e.GrantID, ClientID: e.ClientID, Subjects: []string{e.Subject}, At: e.IssuedAt,
	}); err != nil {
		return err
	}
	if e.Kid != "" {
		if gone, err := i.signer.Revoked(ctx, tenantID, e.Kid); err != nil || gone {
			return cmp.Or(err, oauth.InvalidTokenf("the key of a token that earned it was revoked"))
		}
	}
	if _, err := i.usableClient(ctx, tenantID, e.ClientID, e.IssuedAt); err != nil {
		return err
	}
	_, err := i.ableParty(ctx, tenantID, e.Subject, e.IssuedAt)
	return err
}
