package admin_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// certificateUntil is a self-signed certificate, as base64 of DER.
func certificateUntil(t *testing.T, from, until time.Time) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	wantNone(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	wantNone(t, err)
	return base64.StdEncoding.EncodeToString(der)
}

func TestKeysOfCertificatesEndWithThemAtTheLatest(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.client("acme", "c")
	ends := h.now.AddDate(0, 0, 30)
	earlier, later := h.now.AddDate(0, 0, 10), h.now.AddDate(0, 0, 60)
	for _, test := range []struct{ given, want *time.Time }{{nil, &ends}, {&earlier, &earlier}, {&later, &ends}} {
		made, err := h.AddClientKey(t.Context(), operator(), "acme", "c", admin.NewClientKey{Certificate: certificateUntil(t, h.now, ends), ExpiresAt: test.given})
		wantNone(t, err)
		if made.ExpiresAt == nil || !made.ExpiresAt.Equal(*test.want) || made.NotBefore == nil || !made.NotBefore.Equal(h.now) {
			t.Errorf("given %v: from %v to %v", test.given, made.NotBefore, made.ExpiresAt)
		}
	}
	_, err := h.AddClientKey(t.Context(), operator(), "acme", "c", admin.NewClientKey{Certificate: certificateUntil(t, h.now.AddDate(-1, 0, 0), h.now)})
	wantError(t, err, admin.CodeInvalid, "expires_at", "has expired")
}

func TestKeysOfClientsAreGivenInOneForm(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.client("acme", "c")
	certificate := certificateUntil(t, h.now, h.now.AddDate(1, 0, 0))
	jwk := func() map[string]any {
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	}
	named := jwk()
	named["kid"] = "a\nb"
	for field, list := range map[string][]admin.NewClientKey{
		"":        {{}, {Certificate: certificate, PublicKey: certificate}, {Certificate: certificate, JWK: jwk()}, {PublicKey: certificate, JWK: jwk()}, {Certificate: certificate, PublicKey: certificate, JWK: jwk()}},
		"alg":     {{JWK: jwk(), Alg: "HS256"}},
		"jwk.kid": {{JWK: named}},
	} {
		for _, n := range list {
			_, err := h.AddClientKey(t.Context(), operator(), "acme", "c", n)
			wantError(t, err, admin.CodeInvalid, field)
		}
	}
	_, err := h.AddClientKey(t.Context(), operator(), "acme", "c", admin.NewClientKey{JWK: jwk()})
	wantNone(t, err)
	_, err = h.AddClientKey(t.Context(), operator(), "acme", "c", admin.NewClientKey{JWK: jwk()})
	wantError(t, err, admin.CodeExists, "jwk", "has this key already")
}

func TestAClientHasTwentyKeysAtMost(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.client("acme", "c")
	add := func() error {
		_, err := h.AddClientKey(t.Context(), operator(), "acme", "c", admin.NewClientKey{Certificate: certificateUntil(t, h.now, h.now.AddDate(1, 0, 0))})
		return err
	}
	for range 20 {
		wantNone(t, add())
	}
	wantError(t, add(), admin.CodeInUse, "", "20")
}
