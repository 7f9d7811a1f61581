package grants

import (
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

// earnersLive reports whether every token by which the one was earned could still
// be used, had it not expired.
func (i *Inspector) earnersLive(ctx context.Context, tenantID string, f *facts) (bool, error) {
	for _, e := range f.Exchanged {
		gone, err := i.directory.Revoked(ctx, tenantID, tenants.IssuedToken{
			ID: e.ID, GrantID: e.GrantID, ClientID: e.ClientID, Subjects: []string{e.Subject}, At: e.IssuedAt,
		})
		if err != nil || gone {
			return false, err
		}
		if e.Kid != "" {
			if gone, err := i.signer.Revoked(ctx, tenantID, e.Kid); err != nil || gone {
				return false, err
			}
		}
		if client, err := i.usableClient(ctx, tenantID, e.ClientID, e.IssuedAt); err != nil || client == nil {
			return false, err
		}
		if able, err := i.ableActor(ctx, tenantID, e.Subject, e.IssuedAt); err != nil || !able {
			return false, err
		}
	}
	return true, nil
}
