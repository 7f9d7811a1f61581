package keys_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

// go-jose, which had no part in signing, verifies each algorithm by the JWKS.
func TestSignedTokensVerifyByJWKS(t *testing.T) {
	n := newNode(t)
	n.algs = keys.Algs()
	for _, alg := range keys.Algs() {
		t.Run(alg, func(t *testing.T) {
			for range 20 { // ECDSA halves have leading zeros now and then
				claims := claimsAt(n.clock())
				token, kid, err := n.rings.Sign(t.Context(), tenant, alg, "at+jwt", claims)
				if err != nil {
					t.Fatal(err)
				}
				jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
				if err != nil {
					t.Fatal(err)
				}
				header := jws.Signatures[0].Protected
				if header.KeyID != kid || header.ExtraHeaders["typ"] != "at+jwt" || len(header.ExtraHeaders) != 1 {
					t.Errorf("header %+v", header)
				}
				found := n.jwks(t, tenant).Key(kid)
				if len(found) != 1 {
					t.Fatalf("kid %s is %d times in the JWKS", kid, len(found))
				}
				payload, err := jws.Verify(found[0])
				if err != nil {
					t.Fatal(err)
				}
				var back accessToken
				if err := json.Unmarshal(payload, &back); err != nil || back != claims {
					t.Errorf("%s is not %+v (%v)", payload, claims, err)
				}
				if own, err := n.rings.Verify(t.Context(), tenant, "at+jwt", token); err != nil || string(own) != string(payload) {
					t.Errorf("%s, %v", own, err)
				}
			}
		})
	}
}

func TestClassRJWKSHasPublicMembersOnly(t *testing.T) {
	n := newNode(t)
	n.algs = keys.Algs()
	for _, alg := range keys.Algs() {
		n.sign(t, alg)
	}
	doc, _ := n.rings.JWKS(t.Context(), tenant)
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(doc.Body, &set); err != nil || len(set.Keys) != 4 {
		t.Fatalf("%s: %v", doc.Body, err)
	}
	allowed := map[string]string{
		"RSA": "alg e kid kty n use", "EC": "alg crv kid kty use x y", "OKP": "alg crv kid kty use x",
	}
	for _, key := range set.Keys {
		var members []string
		for name := range key {
			members = append(members, name)
		}
		slices.Sort(members)
		if got := strings.Join(members, " "); got != allowed[key["kty"].(string)] || key["use"] != "sig" {
			t.Errorf("%s key has %s", key["kty"], got)
		}
	}
}

// A JWK with private members, or of another key, never reaches the JWKS.
func TestRingRefusesForeignPublicKeys(t *testing.T) {
	private, err := jose.JSONWebKey{Key: keystest.RSA(2048, 0), KeyID: "k", Algorithm: keys.RS256, Use: "sig"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*keys.Key){
		"private":        func(k *keys.Key) { k.Kid, k.Public = "k", private },
		"other kid":      func(k *keys.Key) { k.Kid = "other" },
		"other alg":      func(k *keys.Key) { k.Alg = keys.PS256 },
		"no JWK":         func(k *keys.Key) { k.Public = []byte(`{"kty":"oct","k":"c2VjcmV0"}`) },
		"another tenant": func(k *keys.Key) { k.TenantID = "other" },
	} {
		n := newNode(t)
		n.sign(t, keys.RS256)
		n.rings.Reset()
		spoil(&n.sets[tenant].Keys[0])
		if doc, err := n.rings.JWKS(t.Context(), tenant); err == nil {
			t.Errorf("%s: %s", name, doc.Body)
		}
	}
}

func TestFirstKeyIsMadeOnce(t *testing.T) {
	n := newNode(t)
	var wg sync.WaitGroup
	for range 20 { // a verifier may come before the first token does
		wg.Go(func() { n.sign(t, keys.RS256) })
		wg.Go(func() {
			if doc, err := n.rings.JWKS(t.Context(), tenant); err != nil || string(doc.Body) == `{"keys":[]}` {
				t.Errorf("%s, %v", doc.Body, err)
			}
		})
	}
	wg.Wait()
	if n.made != 1 || len(n.jwks(t, tenant).Keys) != 1 {
		t.Errorf("%d keys were made, %d are in the JWKS", n.made, len(n.jwks(t, tenant).Keys))
	}
	asked := n.asked
	if _, _, err := n.rings.Sign(t.Context(), tenant, "HS256", "at+jwt", claimsAt(start)); err == nil || n.asked != asked {
		t.Errorf("HS256: %v", err)
	}
	if _, _, err := n.rings.Sign(t.Context(), tenant, keys.RS256, `jwt","crit":["x`, claimsAt(start)); err == nil {
		t.Error("a typ may say anything")
	}
}

// A verifier that asks after a leak, before any token does, keeps no empty JWKS.
func TestJWKSHasAKeyThatSigns(t *testing.T) {
	n := newNode(t)
	n.sign(t, keys.RS256)
	n.wait(time.Hour)
	n.change(t, func(set keys.Set, now time.Time, _ keys.NewKey) (keys.Set, error) {
		set, _, err := keys.RevokeOlder(set, now, now, timing())
		return set, err
	})
	listed := n.jwks(t, tenant).Keys
	if len(listed) != 1 {
		t.Fatalf("%d keys are listed", len(listed))
	}
	if kid := kidOf(t, n.sign(t, keys.RS256)); kid != listed[0].KeyID {
		t.Errorf("%s signs, %s is listed", kid, listed[0].KeyID)
	}
}

// Who gives up does not spoil the key that others wait for.
func TestFirstKeyIsMadeThoughTheFirstCallerLeaves(t *testing.T) {
	n := newNode(t)
	n.jwks(t, tenant) // makes one of RS256
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, _ = n.rings.Sign(gone, tenant, keys.ES256, "at+jwt", claimsAt(start))
	n.sign(t, keys.ES256)
	if n.made != 2 {
		t.Errorf("%d keys were made", n.made)
	}
}

func TestWarmSigningLoadsNothing(t *testing.T) {
	n := newNode(t)
	n.sign(t, keys.RS256)
	loads := n.loads
	for range 10 {
		n.sign(t, keys.RS256)
		n.jwks(t, tenant)
	}
	n.rings.Apply(feed.Event{TenantID: tenant, Kind: feed.Client, Key: "c"})
	n.rings.Apply(feed.Event{TenantID: "other", Kind: feed.Keys})
	if n.sign(t, keys.RS256); n.loads != loads {
		t.Errorf("%d loads more", n.loads-loads)
	}
	if hits, misses := n.rings.Stats(); hits < 20 || misses != uint64(n.loads) {
		t.Errorf("%d hits, %d misses, %d loads", hits, misses, n.loads)
	}
}

// All states of a key pass while the ring stays in memory.
func TestTimePassesInACachedRing(t *testing.T) {
	n := newNode(t)
	first := n.sign(t, keys.RS256)
	n.change(t, func(set keys.Set, now time.Time, newKey keys.NewKey) (keys.Set, error) {
		return keys.Rotate(set, keys.Policy{}, keys.RotateOptions{Alg: keys.RS256}, now, timing(), newKey)
	})
	kids := func() (signing string, listed int) {
		_, kid, err := n.rings.Sign(t.Context(), tenant, keys.RS256, "at+jwt", claimsAt(n.clock()))
		if err != nil {
			t.Fatal(err)
		}
		return kid, len(n.jwks(t, tenant).Keys)
	}
	etag := func() string { doc, _ := n.rings.JWKS(t.Context(), tenant); return doc.ETag }
	a, listed := kids()
	if listed != 2 {
		t.Fatalf("%d keys are listed", listed)
	}
	published, loads := etag(), n.loads
	n.wait(timing().Lead - time.Microsecond)
	if kid, _ := kids(); kid != a {
		t.Error("the successor signs before its time")
	}
	n.wait(time.Microsecond)
	b, listed := kids()
	if b == a || listed != 2 || etag() != published {
		t.Errorf("after the lead %s signs, %d are listed", b, listed)
	}
	if _, err := n.rings.Verify(t.Context(), tenant, "at+jwt", first); !errors.Is(err, keys.ErrInvalidToken) {
		t.Errorf("the old token has expired: %v", err)
	}
	n.wait(timing().Afterlife() - time.Microsecond)
	if _, listed := kids(); listed != 2 {
		t.Error("the old key left too early")
	}
	n.wait(time.Microsecond)
	if kid, listed := kids(); kid != b || listed != 1 || etag() == published {
		t.Errorf("%s signs, %d are listed", kid, listed)
	}
	if n.loads != loads {
		t.Errorf("the set was loaded %d times more", n.loads-loads)
	}
}

// The documents are the same on every node, in whatever order the store gives
// the keys.
func TestDocumentsAreEqualOnAllNodes(t *testing.T) {
	n := newNode(t)
	n.sign(t, keys.RS256)
	n.sign(t, keys.EdDSA)
	other := n.restarted()
	set := other.sets[tenant]
	set.Keys = slices.Clone(set.Keys)
	slices.Reverse(set.Keys)
	other.sets = map[string]keys.Set{tenant: set}
	other.wait(10 * time.Second)
	for name, get := range map[string]func(*node) (keys.Document, error){
		"jwks":     func(n *node) (keys.Document, error) { return n.rings.JWKS(t.Context(), tenant) },
		"schedule": func(n *node) (keys.Document, error) { return n.rings.Schedule(t.Context(), tenant, "https://a") },
	} {
		a, err := get(n)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := get(other)
		again, _ := get(n)
		if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(a, again) {
			t.Errorf("%s: %s %s\n%s %s", name, a.ETag, a.Body, b.ETag, b.Body)
		}
	}
}

// A wrong master key stops signing, and not the verification of others' tokens.
func TestWrongMasterKeyStopsSigningOnly(t *testing.T) {
	n := newNode(t)
	token := n.sign(t, keys.RS256)
	other := n.restarted()
	other.rings = keys.NewRings(other, other, newSealer(t, "z"), timing(), other.clock)
	if _, _, err := other.rings.Sign(t.Context(), tenant, keys.RS256, "at+jwt", claimsAt(start)); !errors.Is(err, keys.ErrWrongMasterKey) {
		t.Errorf("signing: %v", err)
	}
	if _, err := other.rings.Verify(t.Context(), tenant, "at+jwt", token); err != nil {
		t.Errorf("verifying: %v", err)
	}
}

// A tenant that changes its algorithm goes on signing with the old one until
// the new key's lead is over.
func TestNewAlgorithmWaitsForItsLead(t *testing.T) {
	n := newNode(t)
	n.sign(t, keys.RS256)
	n.change(t, func(set keys.Set, now time.Time, newKey keys.NewKey) (keys.Set, error) {
		set, changed, err := keys.Ensure(set, []string{keys.ES256}, now, timing(), newKey)
		if !changed {
			t.Error("nothing was published")
		}
		return set, err
	})
	alg := func() string {
		jws, err := jose.ParseSignedCompact(n.sign(t, keys.ES256), []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		return jws.Signatures[0].Protected.Algorithm
	}
	if got := alg(); got != keys.RS256 || len(n.jwks(t, tenant).Keys) != 2 {
		t.Errorf("signed by %s at once", got)
	}
	if n.wait(timing().Lead); alg() != keys.ES256 {
		t.Error("ES256 does not sign after its lead")
	}
}
