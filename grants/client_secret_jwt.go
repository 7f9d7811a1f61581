package grants

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// SecretOpener opens the sealed secret of a client; *keys.Sealer is one.
type SecretOpener interface {
	OpenClientSecret(sealed []byte, tenantID, clientID, secretID string) ([]byte, error)
}

// ClientSecretJWT is authentication by an assertion that is signed with the
// client's secret, HS256 (OpenID Connect Core section 9). It works for clients
// of this method only: of all others no more than a hash of the secret is kept.
type ClientSecretJWT struct {
	clientAssertion
	opener SecretOpener
	decoy  []byte
}

// NewClientSecretJWT makes a ClientSecretJWT.
func NewClientSecretJWT(opener SecretOpener, spent SpentAssertions, now func() time.Time) *ClientSecretJWT {
	decoy := make([]byte, 32)
	rand.Read(decoy) // never fails
	return &ClientSecretJWT{clientAssertion: clientAssertion{spent: spent, now: now}, opener: opener, decoy: decoy}
}

// Methods returns client_secret_jwt.
func (*ClientSecretJWT) Methods() []string { return []string{oauth.AuthSecretJWT} }

// Algs returns HS256.
func (*ClientSecretJWT) Algs() []string { return []string{assertion.HS256} }

// Authenticate holds the assertion to the client's sealed secrets and to its
// rules.
func (m *ClientSecretJWT) Authenticate(ctx context.Context, p *Proof) error {
	return m.authenticate(ctx, p, func(token *assertion.Token) error {
		if p.Client.AuthMethod != oauth.AuthSecretJWT || len(p.Client.Secrets) == 0 {
			_ = token.IsSignedWith(m.decoy)
			return notProven(errors.New("the client has no secret for this method"))
		}
		return m.signed(p, token)
	})
}

func (m *ClientSecretJWT) signed(p *Proof, token *assertion.Token) error {
	for _, secret := range p.Client.Secrets {
		if len(secret.Sealed) == 0 {
			continue
		}
		text, err := m.opener.OpenClientSecret(secret.Sealed, p.Tenant.ID, p.Client.ID, secret.ID)
		if err != nil {
			return err
		}
		found := token.IsSignedWith(text)
		clear(text)
		if !found {
			continue
		}
		if secret.ExpiresAt != nil && !m.now().Before(*secret.ExpiresAt) {
			return oauth.Errorf(oauth.InvalidClient, oauth.ReasonExpired, "the client secret has expired")
		}
		p.SecretID = secret.ID
		return nil
	}
	return notProven(errors.New("no secret of the client verifies the assertion"))
}
