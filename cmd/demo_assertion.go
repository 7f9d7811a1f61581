package cmd

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/dialects"
)

// demoAssertionLife is as long as OCAPI's clients may have it.
const demoAssertionLife = 30 * time.Minute

// assertion gives the demo's client a key, and returns what the client would sign
// with it. As everything of the demo it is good here only, and once.
func (f *furnisher) assertion(a dialects.DemoAssertion) (string, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return "", err
	}
	key := admin.NewClientKey{PublicKey: base64.StdEncoding.EncodeToString(public)}
	if _, err := f.admin.AddClientKey(f.ctx, f.actor, f.tenant.Slug, a.Client, key); err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": a.Client, "sub": a.Client, "aud": dialects.Filled(a.Audience, "{base}", f.base),
		"exp": time.Now().Add(demoAssertionLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}
