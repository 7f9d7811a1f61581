package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/verify"
	"github.com/go-jose/go-jose/v4"
)

const audience = "https://api.acme.example"

var start = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// clock is a time that only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: start} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// pool holds the RSA keys of all tests: making one is slow.
var pool = sync.OnceValue(func() []*rsa.PrivateKey {
	keys := make([]*rsa.PrivateKey, 2)
	for i := range keys {
		keys[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return keys
})

func ecKey() *ecdsa.PrivateKey {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return key
}

func edKey() ed25519.PrivateKey {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	return key
}

// signingKey is a key as the issuer holds it.
type signingKey struct {
	kid, alg string
	private  crypto.Signer
}

func (k signingKey) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.kid, Algorithm: k.alg, Use: "sig"}
}

// testIssuer is a real HTTP server that publishes what a test tells it to.
type testIssuer struct {
	*httptest.Server
	mu     sync.Mutex
	pages  map[string]http.HandlerFunc
	counts map[string]int
	keys   []signingKey
}

const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/.well-known/jwks.json"
	schedulePath  = "/.well-known/key-schedule.json"
)

// newIssuer publishes metadata and keys, and no key schedule.
func newIssuer(t testing.TB, keys ...signingKey) *testIssuer {
	i := &testIssuer{pages: map[string]http.HandlerFunc{}, counts: map[string]int{}, keys: keys}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	i.publishJSON(discoveryPath, map[string]any{"issuer": i.URL, "jwks_uri": i.URL + keysPath})
	i.publishKeys(keys...)
	return i
}

func rsaIssuer(t testing.TB) *testIssuer {
	return newIssuer(t, signingKey{"k1", verify.RS256, pool()[0]})
}

func (i *testIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	page := i.pages[r.URL.Path]
	i.counts[r.URL.Path]++
	i.mu.Unlock()
	if page == nil {
		http.NotFound(w, r)
		return
	}
	page(w, r)
}

func (i *testIssuer) publish(path string, page http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pages[path] = page
}

func (i *testIssuer) publishJSON(path string, document any, header ...string) {
	i.publish(path, func(w http.ResponseWriter, _ *http.Request) {
		for n := 0; n < len(header); n += 2 {
			w.Header().Set(header[n], header[n+1])
		}
		_ = json.NewEncoder(w).Encode(document)
	})
}

func (i *testIssuer) publishKeys(keys ...signingKey) {
	var set jose.JSONWebKeySet
	for _, key := range keys {
		set.Keys = append(set.Keys, key.public())
	}
	i.publishJSON(keysPath, set, "Cache-Control", "public, max-age=300")
}

// publishSchedule lists revoked kids, with a max-age of a minute.
func (i *testIssuer) publishSchedule(revoked ...string) {
	list := []map[string]any{}
	for _, kid := range revoked {
		list = append(list, map[string]any{"kid": kid, "revoked_at": start})
	}
	document := map[string]any{"issuer": i.URL, "generated_at": start, "keys": []any{}, "revoked": list}
	i.publishJSON(schedulePath, document, "Cache-Control", "public, max-age=60")
}

func (i *testIssuer) fail(paths ...string) {
	for _, path := range paths {
		i.publish(path, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte(`{"keys":[]}`))
		})
	}
}

func (i *testIssuer) count(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.counts[path]
}

// claims are good ones; a test spoils one at a time.
func (i *testIssuer) claims() map[string]any {
	return map[string]any{
		"iss": i.URL, "sub": "user-1", "aud": audience, "client_id": "erp", "jti": "j1", "scope": "data read",
		"iat": start.Unix(), "nbf": start.Unix(), "exp": start.Add(15 * time.Minute).Unix(),
	}
}

func (i *testIssuer) token(t testing.TB, changes ...func(map[string]any)) string {
	t.Helper()
	claims := i.claims()
	for _, change := range changes {
		change(claims)
	}
	key := i.keys[0]
	return sign(t, jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.alg), Key: key.private},
		map[string]any{"typ": "at+jwt", "kid": key.kid}, claims)
}

// set is a change of one claim; a nil value drops it.
func set(name string, value any) func(map[string]any) {
	return func(claims map[string]any) {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
}

func sign(t testing.TB, key jose.SigningKey, header, claims map[string]any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(key, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func newVerifier(t testing.TB, now func() time.Time, issuers ...*testIssuer) *verify.Verifier {
	t.Helper()
	config := verify.Config{Audiences: []string{audience}, Now: now}
	for _, i := range issuers {
		config.Issuers = append(config.Issuers, i.URL)
	}
	v, err := verify.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
