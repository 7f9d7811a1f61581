package admin

import (
	"context"
	"crypto/hmac"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// maxSecrets is how many live secrets a client may have.
const maxSecrets = 10

// NewSecret is what a secret is made of; nothing must be given.
type NewSecret struct {
	Secret    string     `json:"secret" empty:"refused"` // empty: a random one
	ExpiresAt *time.Time `json:"expires_at"`             // nil: never
}

// CreatedSecret is a new secret, which is never shown again.
type CreatedSecret struct {
	*tenants.Secret
	Text string `json:"secret"`
}

// AddSecret adds a secret to a client, which may have 10 that have not
// expired. It needs clients:write and every admin scope that the client has.
func (s *Service) AddSecret(ctx context.Context, a Actor, slug, clientID string, n NewSecret) (*CreatedSecret, error) {
	t, c, err := s.changeClient(ctx, a, slug, clientID)
	if err != nil {
		return nil, err
	}
	if !hasSecrets(c) {
		return nil, errNoSecrets("", c)
	}
	now := s.instant()
	if n.ExpiresAt = stored(n.ExpiresAt); n.ExpiresAt != nil && !now.Before(*n.ExpiresAt) {
		return nil, Errorf(CodeInvalid, "expires_at", "must be in the future")
	}
	live := c.LiveSecrets(now)
	if len(live) >= maxSecrets {
		return nil, Errorf(CodeInUse, "", "the client has %d secrets that have not expired, as many as are allowed: revoke one", maxSecrets)
	}
	secret, text, err := s.newSecret(ctx, c, "secret", n.Secret, n.ExpiresAt)
	if err != nil {
		return nil, err
	}
	for _, other := range live {
		if hmac.Equal(other.Hash, secret.Hash) {
			return nil, Errorf(CodeExists, "secret", "the client has this secret already")
		}
	}
	details := map[string]any{"secret_id": secret.ID}
	if secret.ExpiresAt != nil {
		details["expires_at"] = secret.ExpiresAt
	}
	if err := s.store.AddSecret(ctx, secret, s.event(a, t.ID, "client.secret.add", c.ID, details)); err != nil {
		return nil, refused(err, "client", "")
	}
	return &CreatedSecret{Secret: secret, Text: text}, nil
}

// minSigningSecret is how long a secret must be to sign with it by HS256 (RFC
// 7518 section 3.2).
const minSigningSecret = 32

// newSecret makes a secret of the given text, or of a random one. Where the
// client signs with its secret, it is kept sealed besides.
func (s *Service) newSecret(ctx context.Context, c *tenants.Client, field, text string, expires *time.Time) (*tenants.Secret, string, error) {
	if text == "" {
		text = GenerateSecret()
	} else if err := checkSecret(field, text); err != nil {
		return nil, "", err
	}
	hash, err := s.secretHash(ctx, c.TenantID, c.ID, text)
	if err != nil {
		return nil, "", err
	}
	secret := &tenants.Secret{
		ID: newID(), TenantID: c.TenantID, ClientID: c.ID, Hash: hash, Hint: hint(text), CreatedAt: s.instant(), ExpiresAt: expires,
	}
	if c.AuthMethod == oauth.AuthSecretJWT {
		if len(text) < minSigningSecret {
			return nil, "", Errorf(CodeInvalid, field, "has %d characters; a secret that is signed with has at least %d", len(text), minSigningSecret)
		}
		if secret.Sealed, secret.SealedBy, err = s.sealer.SealClientSecret([]byte(text), c.TenantID, c.ID, secret.ID); err != nil {
			return nil, "", err
		}
	}
	return secret, text, nil
}

// hasSecrets reports whether a client proves who it is by a secret.
func hasSecrets(c *tenants.Client) bool {
	return !c.IsPublic() && c.AuthMethod != oauth.AuthPrivateKeyJWT
}

func errNoSecrets(field string, c *tenants.Client) error {
	return Errorf(CodeInvalid, field, "a client whose token_endpoint_auth_method is %s has no secret", c.AuthMethod)
}

// firstSecret gives a new client its secret, unless its method needs none.
func (s *Service) firstSecret(ctx context.Context, c *tenants.Client, text string) (string, error) {
	if !hasSecrets(c) {
		if text != "" {
			return "", errNoSecrets("client_secret", c)
		}
		return "", nil
	}
	secret, text, err := s.newSecret(ctx, c, "client_secret", text, nil)
	if err != nil {
		return "", err
	}
	c.Secrets = []tenants.Secret{*secret}
	return text, nil
}

// secretHash is what is kept of a client's secret. Whoever verifies one
// computes the same.
func (s *Service) secretHash(ctx context.Context, tenantID, clientID, text string) ([]byte, error) {
	return s.peppers.MAC(ctx, tenantID, tenants.ClientSecretPurpose, clientID, text)
}

// Secrets lists a client's secrets, oldest first, without the secrets
// themselves; it needs clients:read.
func (s *Service) Secrets(ctx context.Context, a Actor, slug, clientID string, q Query) (Page[tenants.Secret], error) {
	_, c, err := s.reachClient(ctx, a, "clients:read", slug, clientID)
	if err != nil {
		return Page[tenants.Secret]{}, err
	}
	return held(ctx, s, listing[tenants.Secret]{
		name: "secrets", tenantID: c.TenantID, narrowed: c.ID,
		key: func(one *tenants.Secret) string { return sorting(&one.CreatedAt) + one.ID },
	}, c.Secrets, q)
}

// RevokeSecret ends a secret at once. It needs clients:write and every admin
// scope that the client has.
func (s *Service) RevokeSecret(ctx context.Context, a Actor, slug, clientID, secretID string) error {
	t, c, err := s.changeClient(ctx, a, slug, clientID)
	if err != nil {
		return err
	}
	details := map[string]any{"secret_id": secretID}
	return refused(s.store.RevokeSecret(ctx, t.ID, c.ID, secretID, s.event(a, t.ID, "client.secret.revoke", c.ID, details)), "secret", "")
}
