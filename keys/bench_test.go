package keys_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

// accessToken is about what a token holds (RFC 9068 section 2.2).
type accessToken struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expiry   int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	ID       string `json:"jti"`
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
}

func claimsAt(now time.Time) accessToken {
	return accessToken{
		Issuer: "https://acme.example", Subject: "0f7a", Audience: "https://api.acme.example",
		Expiry: now.Add(15 * time.Minute).Unix(), IssuedAt: now.Unix(), ID: "GjOaZ3vY0pKbWc5cFvH2Ew", ClientID: "0f7a", Scope: "data write",
	}
}

func BenchmarkRawRSA(b *testing.B) {
	private := keystest.RSA(2048, 0)
	digest := sha256.Sum256([]byte("token"))
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	for _, alg := range keys.Algs() {
		b.Run(alg, func(b *testing.B) {
			n := newNode(b)
			claims := claimsAt(n.clock())
			for b.Loop() {
				if _, _, err := n.rings.Sign(b.Context(), tenant, alg, "at+jwt", claims); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkJoseSigner shows what go-jose's signer would take for the same.
func BenchmarkJoseSigner(b *testing.B) {
	key := jose.JSONWebKey{Key: keystest.RSA(2048, 0), KeyID: "kid"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		b.Fatal(err)
	}
	claims := claimsAt(time.Now())
	for b.Loop() {
		if _, err := jwt.Signed(signer).Claims(claims).Serialize(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	n := newNode(b)
	token := n.sign(b, keys.RS256)
	for b.Loop() {
		if _, err := n.rings.Verify(b.Context(), tenant, "at+jwt", token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	s := keystest.Sealer()
	pepper, err := keys.NewPepper(s, tenant)
	if err != nil {
		b.Fatal(err)
	}
	peppers := keys.NewPeppers(onePepper{pepper}, s)
	for b.Loop() {
		if _, err := peppers.MAC(b.Context(), tenant, "secret", "gh_0123456789012345678901234567890123456789012"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadRing(b *testing.B) {
	n := newNode(b)
	n.sign(b, keys.RS256)
	for b.Loop() {
		n.rings.Reset()
		n.sign(b, keys.EdDSA)
	}
}
