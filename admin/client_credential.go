package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// ClientCredential is one thing by which a client proves who it is, without the
// thing itself.
type ClientCredential struct {
	Kind      string     `json:"kind"` // secret, certificate, public_key or jwk
	ID        string     `json:"id"`
	Name      string     `json:"name"` // the end of a secret, the subject or kid or thumbprint of a key
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// ClientCredentials lists the secrets and keys of a client, the one that ends
// first at the front; it needs clients:read.
func (s *Service) ClientCredentials(ctx context.Context, a Actor, slug, clientID string) (Page[ClientCredential], error) {
	_, c, err := s.reachClient(ctx, a, "clients:read", slug, clientID)
	if err != nil {
		return Page[ClientCredential]{}, err
	}
	list := []ClientCredential{}
	for _, secret := range c.Secrets {
		list = append(list, ClientCredential{Kind: "secret", ID: secret.ID, Name: secret.Hint, CreatedAt: secret.CreatedAt, ExpiresAt: secret.ExpiresAt})
	}
	for _, key := range c.Keys {
		list = append(list, credentialOf(key))
	}
	slices.SortFunc(list, func(x, y ClientCredential) int {
		if order := byExpiry(x.ExpiresAt, y.ExpiresAt); order != 0 {
			return order
		}
		return cmp.Compare(x.ID, y.ID)
	})
	return Page[ClientCredential]{Items: list}, nil
}

func credentialOf(key tenants.ClientKey) ClientCredential {
	return ClientCredential{
		Kind: key.Source, ID: key.ID, Name: cmp.Or(key.Subject, key.Kid, key.Thumbprint), CreatedAt: key.CreatedAt, ExpiresAt: key.ExpiresAt,
	}
}

// byExpiry puts what never ends last.
func byExpiry(x, y *time.Time) int {
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return 1
	case y == nil:
		return -1
	}
	return x.Compare(*y)
}
