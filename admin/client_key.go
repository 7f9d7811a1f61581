package admin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// maxKeys is how many keys a client may have, expired ones counted.
const maxKeys = 20

// NewClientKey is what a client's key is made of: one of the first three.
type NewClientKey struct {
	Certificate string         `json:"certificate"` // X.509, PEM or base64 of DER
	PublicKey   string         `json:"public_key"`  // PEM or base64 of DER
	JWK         map[string]any `json:"jwk"`
	Alg         string         `json:"alg"`        // empty: the JWK's own, or RS256, ES256 or EdDSA as the key's kind is
	ExpiresAt   *time.Time     `json:"expires_at"` // nil: never, or when the certificate ends
}

// AddClientKey adds a public key to a client. It needs clients:write and every
// admin scope that the client has.
func (s *Service) AddClientKey(ctx context.Context, a Actor, slug, clientID string, n NewClientKey) (*tenants.ClientKey, error) {
	t, c, err := s.changeClient(ctx, a, slug, clientID)
	if err != nil {
		return nil, err
	}
	if len(c.Keys) >= maxKeys {
		return nil, Errorf(CodeInUse, "", "the client has %d keys, as many as are allowed: revoke one", maxKeys)
	}
	k, err := s.newClientKey(n)
	if err != nil {
		return nil, err
	}
	k.ID, k.TenantID, k.ClientID, k.CreatedAt = newID(), t.ID, c.ID, s.instant()
	details := map[string]any{"key_id": k.ID, "thumbprint": k.Thumbprint, "alg": k.Alg, "source": k.Source}
	if k.ExpiresAt != nil {
		details["expires_at"] = k.ExpiresAt
	}
	err = s.store.AddClientKey(ctx, k, s.event(a, t.ID, "client.key.add", c.ID, details))
	if errors.Is(err, tenants.ErrExists) {
		return nil, &Error{Code: CodeExists, Field: k.Source, Message: "the client has this key already", Err: err}
	}
	if err != nil {
		return nil, refused(err, "client", "")
	}
	return k, nil
}

func (s *Service) newClientKey(n NewClientKey) (*tenants.ClientKey, error) {
	if (n.Certificate != "") == (n.PublicKey != "") && n.JWK == nil || n.JWK != nil && (n.Certificate != "" || n.PublicKey != "") {
		return nil, Errorf(CodeInvalid, "", "give one of certificate, public_key and jwk")
	}
	if n.Alg != "" {
		if err := checkChoice("alg", n.Alg, assertion.Algs()); err != nil {
			return nil, err
		}
	}
	k := &tenants.ClientKey{ExpiresAt: stored(n.ExpiresAt)}
	key, err := n.read(k)
	if err != nil {
		return nil, Errorf(CodeInvalid, k.Source, "%v", err)
	}
	if err := checkText("jwk.kid", key.ID, maxName, ""); err != nil {
		return nil, err
	}
	if k.ExpiresAt != nil && !s.instant().Before(*k.ExpiresAt) {
		return nil, Errorf(CodeInvalid, "expires_at", "the key has expired, on %s", k.ExpiresAt.Format(time.RFC3339))
	}
	k.Kid, k.Alg = key.ID, key.Alg
	if k.Thumbprint, err = key.Thumbprint(); err != nil {
		return nil, err
	}
	k.JWK, err = key.JWK()
	return k, err
}

// read reads the key in the form that it is given in, and fills in what else
// that form tells.
func (n NewClientKey) read(k *tenants.ClientKey) (*assertion.Key, error) {
	switch {
	case n.Certificate != "":
		k.Source = "certificate"
		key, certificate, err := assertion.ImportCertificate(n.Certificate, n.Alg)
		if err != nil {
			return nil, err
		}
		k.Subject, k.NotBefore = clipped(certificate.Subject.String()), stored(&certificate.NotBefore)
		if k.ExpiresAt == nil || certificate.NotAfter.Before(*k.ExpiresAt) {
			k.ExpiresAt = stored(&certificate.NotAfter)
		}
		return key, nil
	case n.PublicKey != "":
		k.Source = "public_key"
		return assertion.ImportPublicKey(n.PublicKey, n.Alg)
	}
	k.Source = "jwk"
	data, err := json.Marshal(n.JWK)
	if err != nil {
		return nil, err
	}
	return assertion.ImportJWK(data, n.Alg)
}

// ClientKeys lists a client's public keys, oldest first; it needs clients:read.
func (s *Service) ClientKeys(ctx context.Context, a Actor, slug, clientID string, q Query) (Page[tenants.ClientKey], error) {
	_, c, err := s.reachClient(ctx, a, "clients:read", slug, clientID)
	if err != nil {
		return Page[tenants.ClientKey]{}, err
	}
	return held(ctx, s, listing[tenants.ClientKey]{
		name: "client_keys", tenantID: c.TenantID, narrowed: c.ID,
		key: func(k *tenants.ClientKey) string { return sorting(&k.CreatedAt) + k.ID },
	}, c.Keys, q)
}

// RevokeClientKey ends a key at once. It needs clients:write and every admin
// scope that the client has.
func (s *Service) RevokeClientKey(ctx context.Context, a Actor, slug, clientID, keyID string) error {
	t, c, err := s.changeClient(ctx, a, slug, clientID)
	if err != nil {
		return err
	}
	details := map[string]any{"key_id": keyID}
	return unknown(s.store.RevokeClientKey(ctx, t.ID, c.ID, keyID, s.event(a, t.ID, "client.key.revoke", c.ID, details)), "key", keyID)
}
