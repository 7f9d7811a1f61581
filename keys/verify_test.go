package keys_test

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

var b64 = base64.RawURLEncoding

// forger knows the tenant's real private key, so that nothing but the rule
// under test can make Verify refuse.
type forger struct {
	*node
	signing jose.SigningKey
	kid     string
}

func newForger(tb testing.TB) *forger {
	n := newNode(tb)
	n.sign(tb, keys.RS256)
	key := n.sets[tenant].Keys[0]
	der, err := n.sealer.Open(key.Sealed, keys.PurposeSigningKey, tenant, key.Kid)
	if err != nil {
		tb.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &forger{node: n, kid: key.Kid, signing: jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: private, KeyID: key.Kid}}}
}

func (f *forger) payload() []byte {
	payload, _ := json.Marshal(claimsAt(f.clock()))
	return payload
}

func (f *forger) token(tb testing.TB, payload []byte, options *jose.SignerOptions) string {
	tb.Helper()
	signer, err := jose.NewSigner(f.signing, options)
	if err != nil {
		tb.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		tb.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

func typed() *jose.SignerOptions { return (&jose.SignerOptions{}).WithType("at+jwt") }

func (f *forger) refuse(t *testing.T, name, token string) {
	t.Helper()
	payload, err := f.rings.Verify(t.Context(), tenant, "at+jwt", token)
	if !errors.Is(err, keys.ErrInvalidToken) || payload != nil {
		t.Errorf("%s: %s, %v", name, payload, err)
	}
}

func TestClassAVerifyRefusesForgedHeaders(t *testing.T) {
	f := newForger(t)
	if _, err := f.rings.Verify(t.Context(), tenant, "at+jwt", f.token(t, f.payload(), typed())); err != nil {
		t.Fatal(err) // else nothing below would mean anything
	}
	f.refuse(t, "other typ", f.token(t, f.payload(), (&jose.SignerOptions{}).WithType("JWT")))
	f.refuse(t, "typ of another spelling", f.token(t, f.payload(), (&jose.SignerOptions{}).WithType("AT+JWT")))
	f.refuse(t, "no typ", f.token(t, f.payload(), nil))
	f.refuse(t, "crit", f.token(t, f.payload(), typed().WithCritical("x").WithHeader("x", 1)))
	f.refuse(t, "b64", f.token(t, f.payload(), typed().WithCritical("b64").WithHeader("b64", true)))
	f.refuse(t, "jku", f.token(t, f.payload(), typed().WithHeader("jku", "https://evil.example")))
	f.refuse(t, "embedded jwk", f.token(t, f.payload(), &jose.SignerOptions{EmbedJWK: true, ExtraHeaders: map[jose.HeaderKey]any{"typ": "at+jwt"}}))

	rs256 := f.signing
	f.signing.Algorithm = jose.PS256
	f.refuse(t, "PS256 by an RS256 key", f.token(t, f.payload(), typed()))
	f.signing.Algorithm = jose.RS512
	f.refuse(t, "RS512", f.token(t, f.payload(), typed()))
	f.signing = rs256
	jwk := rs256.Key.(jose.JSONWebKey)
	f.signing.Key = jose.JSONWebKey{Key: jwk.Key, KeyID: "unknown"}
	f.refuse(t, "unknown kid", f.token(t, f.payload(), typed()))
	f.signing.Key = jose.JSONWebKey{Key: jwk.Key}
	f.refuse(t, "no kid", f.token(t, f.payload(), typed()))
	f.signing.Key = jose.JSONWebKey{Key: keystest.RSA(3072, 0), KeyID: f.kid}
	f.refuse(t, "another private key", f.token(t, f.payload(), typed()))
}

// A token that brings a key along is refused even where it names ours.
func TestClassAVerifyRefusesAnEmbeddedKeyBesideOurKid(t *testing.T) {
	f := newForger(t)
	private := f.signing.Key.(jose.JSONWebKey)
	jwk, _ := private.Public().MarshalJSON()
	raw := func(header string) string {
		input := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString(f.payload())
		digest := sha256.Sum256([]byte(input))
		signature, err := rsa.SignPKCS1v15(nil, private.Key.(*rsa.PrivateKey), crypto.SHA256, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return input + "." + b64.EncodeToString(signature)
	}
	header := fmt.Sprintf(`{"alg":"RS256","kid":%q,"typ":"at+jwt"`, f.kid)
	if _, err := f.rings.Verify(t.Context(), tenant, "at+jwt", raw(header+"}")); err != nil {
		t.Fatal(err)
	}
	f.refuse(t, "jwk beside kid", raw(header+`,"jwk":`+string(jwk)+"}"))
	f.refuse(t, "b64 false", raw(header+`,"b64":false,"crit":["b64"]}`))
	f.refuse(t, "x5c", raw(header+`,"x5c":[]}`))
}

// The classic: an HMAC whose secret is the public key in some spelling.
func TestClassAVerifyRefusesSymmetricAndUnsigned(t *testing.T) {
	f := newForger(t)
	private := f.signing.Key.(jose.JSONWebKey)
	jwk := private.Public()
	der, _ := x509.MarshalPKIXPublicKey(jwk.Key)
	asJSON, _ := jwk.MarshalJSON()
	secrets := [][]byte{der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), asJSON, f.sets[tenant].Keys[0].Public}
	for _, alg := range []string{"none", "None", "nOnE", "HS256", ""} {
		input := b64.EncodeToString(fmt.Appendf(nil, `{"alg":%q,"kid":%q,"typ":"at+jwt"}`, alg, f.kid)) + "." + b64.EncodeToString(f.payload())
		f.refuse(t, alg+" unsigned", input+".")
		for _, secret := range secrets {
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(input))
			f.refuse(t, alg, input+"."+b64.EncodeToString(mac.Sum(nil)))
		}
	}
}

func TestVerifyRefusesOtherSpellings(t *testing.T) {
	f := newForger(t)
	token := f.token(t, f.payload(), typed())
	parts := strings.Split(token, ".")
	for name, other := range map[string]string{
		"empty": "", "cut": token[:len(token)-1], "longer": token + "A", "padded": token + "=", "no signature": parts[0] + "." + parts[1] + ".",
		"two parts": parts[0] + "." + parts[1], "four parts": token + ".", "five parts": token + "..", "space": " " + token,
		"line break": parts[0] + "." + parts[1] + ".\n" + parts[2], "line break at the end": token + "\r\n",
		"last bits":    token[:len(token)-1] + nextLetter(token[len(token)-1]),
		"other case":   swapCase(token),
		"flattened":    fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, parts[1], parts[0], parts[2]),
		"general":      fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, parts[1], parts[0], parts[2]),
		"dots":         strings.Repeat(".", 16000),
		"of any size":  parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2],
		"other claims": parts[0] + "." + b64.EncodeToString(bytes.Replace(f.payload(), []byte("data"), []byte("root"), 1)) + "." + parts[2],
	} {
		f.refuse(t, name, other)
	}
	long := claimsAt(f.clock())
	long.Scope = strings.Repeat("s", keys.MaxTokenBytes)
	payload, _ := json.Marshal(long)
	f.refuse(t, "genuine and too long", f.token(t, payload, typed()))
}

// nextLetter changes only bits that do not count: a signature of 256 bytes
// ends in a letter of which two bits are used.
func nextLetter(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 32
		}
		if r >= 'A' && r <= 'Z' {
			return r + 32
		}
		return r
	}, s)
}

func TestClassGVerifyKnowsOneTenantOnly(t *testing.T) {
	n := newNode(t)
	token := n.sign(t, keys.ES256)
	_, _, err := n.rings.Sign(t.Context(), "other", keys.ES256, "at+jwt", claimsAt(start))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.rings.Verify(t.Context(), "other", "at+jwt", token); !errors.Is(err, keys.ErrInvalidToken) {
		t.Errorf("another tenant's token: %v", err)
	}
}

func TestVerifyTellsTheTime(t *testing.T) {
	f := newForger(t)
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	skew := timing().Skew
	for _, c := range []struct {
		payload string
		ok      bool
	}{
		{fmt.Sprintf(`{"exp":%d}`, at(time.Second)), true},
		{fmt.Sprintf(`{"exp":%d}`, at(time.Second-skew)), true},
		{fmt.Sprintf(`{"exp":%d}`, at(-skew)), false},
		{fmt.Sprintf(`{"exp":%d,"nbf":%d,"iat":%d}`, at(time.Hour), at(skew), at(skew)), true},
		{fmt.Sprintf(`{"exp":%d,"nbf":%d}`, at(time.Hour), at(skew+time.Second)), false},
		{fmt.Sprintf(`{"exp":%d,"iat":%d}`, at(time.Hour), at(skew+time.Second)), false},
		{fmt.Sprintf(`{"exp":%d,"EXP":%d}`, at(-time.Hour), at(time.Hour)), false},
		{fmt.Sprintf(`{"exp":%d,"exp":%d}`, at(-time.Hour), at(time.Hour)), false},
		{`{}`, false},
		{`{"exp":null}`, false},
		{`{"exp":"9999999999"}`, false},
		{`{"exp":1e300}`, false},
		{`[]`, false},
		{`x`, false},
		{``, false},
	} {
		payload, err := f.rings.Verify(t.Context(), tenant, "at+jwt", f.token(t, []byte(c.payload), typed()))
		if (err == nil) != c.ok || err != nil && (!errors.Is(err, keys.ErrInvalidToken) || payload != nil) {
			t.Errorf("%s: %v", c.payload, err)
		}
	}
}

// Emergency: once the node knows, the key is out of the JWKS, another signs,
// and every token of it is invalid.
func TestRevocation(t *testing.T) {
	n := newNode(t)
	token := n.sign(t, keys.RS256)
	kid := n.sets[tenant].Keys[0].Kid
	n.change(t, func(set keys.Set, now time.Time, newKey keys.NewKey) (keys.Set, error) {
		return keys.Revoke(set, kid, now, timing(), newKey)
	})
	if _, err := n.rings.Verify(t.Context(), tenant, "at+jwt", token); !errors.Is(err, keys.ErrInvalidToken) {
		t.Errorf("a token of a revoked key: %v", err)
	}
	if found := n.jwks(t, tenant).Key(kid); len(found) != 0 {
		t.Error("a revoked key is in the JWKS")
	}
	if _, err := n.rings.Verify(t.Context(), tenant, "at+jwt", n.sign(t, keys.RS256)); err != nil || n.made != 1 {
		t.Errorf("no other key signs: %v", err)
	}
}

func TestVerifyPassesOnFailures(t *testing.T) {
	n := newNode(t)
	token := n.sign(t, keys.RS256)
	n.rings.Apply(feed.Event{TenantID: tenant, Kind: feed.Keys})
	n.sets[tenant].Keys[0].Public = nil
	if _, err := n.rings.Verify(t.Context(), tenant, "at+jwt", token); err == nil || errors.Is(err, keys.ErrInvalidToken) {
		t.Errorf("what could not be told is %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	n := newForger(f)
	token := n.token(f, n.payload(), typed())
	f.Add(token)
	f.Add(token[:len(token)-2])
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add(`{"payload":"","signatures":[]}`)
	f.Fuzz(func(t *testing.T, other string) {
		payload, err := n.rings.Verify(t.Context(), tenant, "at+jwt", other)
		if err != nil && !errors.Is(err, keys.ErrInvalidToken) {
			t.Fatal(err)
		}
		if err == nil && other != token {
			t.Fatalf("%q is taken for genuine: %s", other, payload)
		}
	})
}
