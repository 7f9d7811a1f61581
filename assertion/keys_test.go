package assertion_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	b64 "encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/assertion/assertiontest"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

func certificate(t testing.TB, public, signer any) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotBefore: now, NotAfter: now.Add(time.Hour),
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "client"}}, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func std(data []byte) string { return b64.StdEncoding.EncodeToString(data) }

// Each form in which a key may be uploaded gives the key that verifies.
func TestFormsOfKeys(t *testing.T) {
	rsa4096 := keystest.RSA(4096, 0)
	ec := pairs(t)["ES256"].(*ecdsa.PrivateKey)
	spki, err := x509.MarshalPKIXPublicKey(&rsa4096.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := std(certificate(t, &rsa4096.PublicKey, rsa4096))
	wrapped = wrapped[:64] + "\r\n" + wrapped[64:] + "\n"
	for name, form := range map[string]struct {
		certificate, public string
		alg                 string
		private             any
		kind                string
	}{
		"certificate, PEM":            {certificate: "subject=CN = client\n" + pemOf("CERTIFICATE", certificate(t, &rsa4096.PublicKey, rsa4096)), alg: "RS256", private: rsa4096, kind: "RSA 4096"},
		"certificate, with its chain": {certificate: pemOf("CERTIFICATE", certificate(t, &rsa4096.PublicKey, rsa4096)) + pemOf("CERTIFICATE", certificate(t, &ec.PublicKey, ec)), alg: "RS256", private: rsa4096, kind: "RSA 4096"},
		"certificate, base64":         {certificate: wrapped, alg: "PS256", private: rsa4096, kind: "RSA 4096"},
		"certificate, EC":             {certificate: std(certificate(t, &ec.PublicKey, ec)), alg: "ES256", private: ec, kind: "EC P-256"},
		"public key, PEM":             {public: pemOf("PUBLIC KEY", spki), alg: "RS256", private: rsa4096, kind: "RSA 4096"},
		"public key, base64":          {public: std(spki), alg: "RS256", private: rsa4096, kind: "RSA 4096"},
		"public key, PKCS1, PEM":      {public: pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsa4096.PublicKey)), alg: "RS256", private: rsa4096, kind: "RSA 4096"},
		"public key, PKCS1, base64":   {public: std(x509.MarshalPKCS1PublicKey(&rsa4096.PublicKey)), alg: "PS256", private: rsa4096, kind: "RSA 4096"},
	} {
		var key *assertion.Key
		var err error
		if form.certificate != "" {
			var c *x509.Certificate
			if key, c, err = assertion.ImportCertificate(form.certificate, form.alg); err == nil && !c.NotAfter.Equal(now.Add(time.Hour)) {
				t.Errorf("%s: ends %v", name, c.NotAfter)
			}
		} else {
			key, err = assertion.ImportPublicKey(form.public, form.alg)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		token := read(t, assertiontest.Sign(map[string]any{"alg": form.alg}, claims(), form.alg, form.private))
		if !token.IsSignedBy(key) || key.Kind() != form.kind {
			t.Errorf("%s: %s %s does not verify", name, key.Kind(), key.Alg)
		}
		jwk, err := key.JWK()
		if err != nil {
			t.Fatal(err)
		}
		again, err := assertion.ImportJWK(jwk, "")
		if err != nil || !token.IsSignedBy(again) {
			t.Errorf("%s: as a JWK %s: %v", name, jwk, err)
		}
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	sound, err := x509.MarshalPKIXPublicKey(&keystest.RSA(2048, 0).PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	spki := func(public any) string {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		return std(der)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	n := func(bits int, bit0 uint) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return n.SetBit(n, 0, bit0)
	}
	pkcs1 := func(n, e *big.Int) string {
		der, err := asn1.Marshal(struct{ N, E *big.Int }{n, e})
		if err != nil {
			t.Fatal(err)
		}
		return std(der)
	}
	f4, huge := big.NewInt(65537), new(big.Int).Lsh(big.NewInt(1), 64)
	for name, text := range map[string]string{
		"1024 bits": spki(&small.PublicKey), "16384 bits": pkcs1(n(16384, 1), f4), "4097 bits": pkcs1(n(4097, 1), f4), "2047 bits": pkcs1(n(2047, 1), f4),
		"exponent 1": pkcs1(n(2048, 1), big.NewInt(1)), "exponent 3": pkcs1(n(2048, 1), big.NewInt(3)), "even exponent": pkcs1(n(2048, 1), big.NewInt(65538)),
		"exponent 2^64": pkcs1(n(2048, 1), huge), "even modulus": pkcs1(n(2048, 0), f4), "P-384": spki(&p384.PublicKey), "X25519": spki(x25519.PublicKey()),
		"not base64": "%", "nothing": "", "noise": std([]byte("noise")), "a certificate": std(certificate(t, &keystest.RSA(2048, 0).PublicKey, keystest.RSA(2048, 0))),
		"damaged PEM": "-----BEGIN PUBLIC KEY-----\nMII\n", "two blocks": pemOf("PUBLIC KEY", sound) + pemOf("PUBLIC KEY", sound), "another block": pemOf("CERTIFICATE", sound),
	} {
		if key, err := assertion.ImportPublicKey(text, ""); err == nil {
			t.Errorf("%s was taken as %s", name, key.Kind())
		} else if errors.Is(err, assertion.ErrPrivate) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := assertion.ImportPublicKey(pkcs1(n(2048, 1), f4), ""); err != nil {
		t.Errorf("a sound one is refused, so that the others show nothing: %v", err)
	}
	if key, _, err := assertion.ImportCertificate(std(certificate(t, &p384.PublicKey, p384)), ""); err == nil {
		t.Errorf("a certificate of P-384 was taken as %s", key.Kind())
	}
	good := pemOf("CERTIFICATE", certificate(t, &keystest.RSA(2048, 0).PublicKey, keystest.RSA(2048, 0)))
	for name, rest := range map[string]string{"noise": "noise", "a public key": pemOf("PUBLIC KEY", []byte{1}), "half a block": good[:60]} {
		if _, _, err := assertion.ImportCertificate(good+rest, ""); err == nil {
			t.Errorf("a certificate was taken with %s after it", name)
		}
	}
}

func TestPrivateKeysAreRefusedAsSuch(t *testing.T) {
	private := keystest.RSA(2048, 0)
	ec := pairs(t)["ES256"].(*ecdsa.PrivateKey)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	both := pemOf("CERTIFICATE", certificate(t, &private.PublicKey, private)) + pemOf("PRIVATE KEY", pkcs8)
	for name, text := range map[string]string{
		"PKCS8": pemOf("PRIVATE KEY", pkcs8), "PKCS1": pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private)), "SEC1": pemOf("EC PRIVATE KEY", sec1),
		"PKCS8, base64": std(pkcs8), "PKCS1, base64": std(x509.MarshalPKCS1PrivateKey(private)), "SEC1, base64": std(sec1), "with its certificate": both,
	} {
		if _, err := assertion.ImportPublicKey(text, ""); !errors.Is(err, assertion.ErrPrivate) {
			t.Errorf("%s as a public key: %v", name, err)
		}
		if _, _, err := assertion.ImportCertificate(text, ""); !errors.Is(err, assertion.ErrPrivate) {
			t.Errorf("%s as a certificate: %v", name, err)
		}
	}
	for name, key := range map[string]any{"RSA": private, "EC": ec, "EdDSA": pairs(t)["EdDSA"], "oct": []byte("0123456789abcdef0123456789abcdef")} {
		jwk, err := jose.JSONWebKey{Key: key}.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := assertion.ImportJWK(jwk, ""); !errors.Is(err, assertion.ErrPrivate) {
			t.Errorf("JWK of %s: %v", name, err)
		}
	}
}

func TestThumbprint(t *testing.T) {
	// The example of RFC 7638 section 3.1.
	const example = `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`
	key, err := assertion.ImportJWK([]byte(example), "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key.Thumbprint(); err != nil || got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" || key.ID != "2011-04-29" {
		t.Errorf("got %s, %v", got, err)
	}
}
