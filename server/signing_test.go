package server_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/assertion/assertiontest"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

// privateKey returns the key pair of that name, always the same: rsa, rsa1,
// rsa4096, ec or ed.
func privateKey(name string) (alg string, key crypto.Signer) {
	switch name {
	case "rsa":
		return assertion.RS256, keystest.RSA(2048, 0)
	case "rsa1":
		return assertion.RS256, keystest.RSA(2048, 1)
	case "rsa4096":
		return assertion.RS256, keystest.RSA(4096, 0)
	case "ec":
		seed := sha256.Sum256([]byte("the EC key of these tests"))
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
		if err != nil {
			panic(err)
		}
		return assertion.ES256, key
	case "ed":
		seed := sha256.Sum256([]byte("the Ed25519 key of these tests"))
		return assertion.EdDSA, ed25519.NewKeyFromSeed(seed[:])
	}
	panic("no such key: " + name)
}

func publicKeyDER(name string) []byte {
	_, key := privateKey(name)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	return der
}

// publicJWK returns the JWK of a key pair under that kid, "" for none.
func publicJWK(name, kid string) string {
	alg, key := privateKey(name)
	data, err := (&assertion.Key{ID: kid, Alg: alg, Public: key.Public()}).JWK()
	if err != nil {
		panic(err)
	}
	return string(data)
}

// certificateDER returns a certificate that begins at an instant and ends a day
// later.
func certificateDER(name string, begins time.Time) []byte {
	_, key := privateKey(name)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ERP"}, NotBefore: begins, NotAfter: begins.Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return der
}

// signing gives what stands in double braces where something is signed:
//
//	{{certificate rsa}} {{certificatePEM rsa}} {{publicKey rsa}} {{jwk rsa kid}}
//	{{assertion rsa iss=erp sub=erp aud=https://... exp=60 jti=1 h.typ=JWT}}
//
// Claims are texts; [a,b] is a list; exp, nbf and iat are seconds from now. What
// begins with "h." goes into the header; h.alg also says how it is signed.
func (p *player) signing(kind, name, rest string) (text string, known bool) {
	switch kind {
	case "certificate":
		return base64.StdEncoding.EncodeToString(certificateDER(name, p.clock.Now())), true
	case "certificatePEM":
		quoted, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificateDER(name, p.clock.Now())})))
		if err != nil {
			p.t.Fatal(err)
		}
		return strings.Trim(string(quoted), `"`), true
	case "publicKey":
		return base64.StdEncoding.EncodeToString(publicKeyDER(name)), true
	case "jwk":
		return publicJWK(name, rest), true
	case "assertion":
		return p.assertion(p.t, name, strings.Fields(rest)...), true
	}
	return "", false
}

// assertion signs claims, written as in transcripts.
func (h *house) assertion(t testing.TB, key string, pairs ...string) string {
	t.Helper()
	header, claims := map[string]any{}, map[string]any{}
	alg, private := "HS256", any([]byte(strings.TrimPrefix(key, "secret:")))
	if !strings.HasPrefix(key, "secret:") {
		alg, private = privateKey(key)
	}
	header["alg"] = alg
	for _, pair := range pairs {
		name, text, _ := strings.Cut(pair, "=")
		into := claims
		if inner, ok := strings.CutPrefix(name, "h."); ok {
			name, into = inner, header
		}
		into[name] = h.value(t, name, text)
	}
	if given, ok := header["alg"].(string); ok {
		if alg = given; strings.EqualFold(alg, "none") {
			alg = "none" // in whatever letters: there is no signature
		}
	}
	return assertiontest.Sign(header, claims, alg, private)
}

func (h *house) value(t testing.TB, name, text string) any {
	switch name {
	case "exp", "nbf", "iat":
		seconds, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s=%s: %v", name, text, err)
		}
		return h.clock.Now().Unix() + int64(seconds)
	}
	if inner, list := strings.CutPrefix(text, "["); list {
		inner = strings.TrimSuffix(inner, "]")
		if inner == "" {
			return []string{}
		}
		return strings.Split(inner, ",")
	}
	return text
}

func base64Of(data []byte) string    { return base64.StdEncoding.EncodeToString(data) }
func base64URLOf(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
