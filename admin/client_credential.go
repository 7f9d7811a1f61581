package admin

import (
	"cmp"
	"context"
	"time"
)

// ClientCredential is one thing by which a client proves who it is, without the
// thing itself.
type ClientCredential struct {
	Kind      string     `json:"kind"` // secret, certificate, public_key or jwk
	ID        string     `json:"id"`
	Name      string     `json:"name"` // the end of a secret, the subject or kid or thumbprint of a key
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	// LastUsedAt is behind by a minute or so.
	LastUsedAt *time.Time `json:"last_used_at"`
}

// ClientCredentials lists the secrets and keys of a client, the one that ends
// first at the front; it needs clients:read.
func (s *Service) ClientCredentials(ctx context.Context, a Actor, slug, clientID string, q Query) (Page[ClientCredential], error) {
	_, c, err := s.reachClient(ctx, a, "clients:read", slug, clientID)
	if err != nil {
		return Page[ClientCredential]{}, err
	}
	var all []ClientCredential
	for _, one := range c.Secrets {
		all = append(all, ClientCredential{
			Kind: "secret", ID: one.ID, Name: one.Hint, CreatedAt: one.CreatedAt, ExpiresAt: one.ExpiresAt, LastUsedAt: one.LastUsedAt,
		})
	}
	for _, one := range c.Keys {
		all = append(all, ClientCredential{
			Kind: one.Source, ID: one.ID, Name: cmp.Or(one.Subject, one.Kid, one.Thumbprint),
			CreatedAt: one.CreatedAt, ExpiresAt: one.ExpiresAt, LastUsedAt: one.LastUsedAt,
		})
	}
	return held(ctx, s, listing[ClientCredential]{
		name: "client_credentials", tenantID: c.TenantID, narrowed: c.ID,
		key: func(one *ClientCredential) string { return sorting(one.ExpiresAt) + one.ID },
	}, all, q)
}
