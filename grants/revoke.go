package grants

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Revoker is a Grant whose tokens can be revoked beside access tokens, such as
// that of refresh tokens.
type Revoker interface {
	// Revoke ends the token, and all access tokens that came of it, if it is one
	// of this grant's and was issued to the request's client (RFC 7009 section
	// 2.1). It reports whether it is one of this grant's; that of another client
	// stays as it is. The returned error means that the token may still work.
	Revoke(ctx context.Context, r *Request, token string) (known bool, err error)
}

// Revoke answers RFC 7009 section 2: after nil the token does not work any more,
// if it is the asking client's. A token that is unknown, has expired or belongs
// to another client is answered alike and stays as it is. token_type_hint makes
// no difference: what a token is shows in its form.
func (s *Service) Revoke(ctx context.Context, r *TokenRequest) error {
	client, err := s.clients.Authenticate(ctx, r.Tenant, r.Credentials, r.Address)
	if err != nil {
		return err
	}
	token := r.Params["token"]
	if token == "" {
		return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "token is missing")
	}
	f, err := s.inspector.read(ctx, r.Tenant, token)
	if err == nil {
		return s.revokeAccess(ctx, r, client, f)
	}
	if !errors.Is(err, oauth.ErrInvalidToken) {
		return err
	}
	request := &Request{Tenant: r.Tenant, Client: client, Address: r.Address, RequestID: r.RequestID}
	for _, revoker := range s.registry.revokers() {
		if known, err := revoker.Revoke(ctx, request, token); err != nil || known {
			return err
		}
	}
	return nil
}

func (s *Service) revokeAccess(ctx context.Context, r *TokenRequest, client *tenants.Client, f *facts) error {
	if f.ClientID != client.ID {
		return nil
	}
	if gone, err := s.directory.Revoked(ctx, r.Tenant.ID, tenants.IssuedToken{ID: f.ID, ClientID: f.ClientID, At: f.IssuedAt}); err != nil || gone {
		return err
	}
	now := s.now()
	return s.journal.store.Revoke(ctx, tenants.Revocation{
		TenantID: r.Tenant.ID, Kind: tenants.RevokedToken, Key: f.ID, NotBefore: now, ExpiresAt: time.Unix(max(f.Expiry, f.RenewUntil), 0),
	}, tenants.AuditEvent{
		ID: uuid.Must(uuid.NewV7()).String(), TenantID: r.Tenant.ID, At: now, Actor: r.Tenant.ClientActor(client.ID),
		Action: "token.revoke", Target: f.Subject, Details: map[string]any{"jti": f.ID, "audience": f.Audience},
		RequestID: r.RequestID, Address: r.Address,
	})
}
