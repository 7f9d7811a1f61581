package keys_test

import (
	"errors"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/keys"
)

// late is a second node on n's store, which hears of no change.
func (n *node) late() *node {
	other := &node{sets: n.sets, algs: n.algs, now: n.now, sealer: n.sealer}
	other.rings = keys.NewRings(other, other, other.sealer, timing(), other.clock)
	return other
}

func kidOf(t *testing.T, token string) string {
	t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	return jws.Signatures[0].Header.KeyID
}

// A first key signs at once: a node that found none before and has not heard of
// it publishes it and knows its tokens all the same.
func TestNodeThatHasNotHeardOfAFirstKeyKnowsIt(t *testing.T) {
	n := newNode(t)
	late := n.late()
	forger := newForger(t)
	if _, err := late.rings.Verify(t.Context(), tenant, "at+jwt", forger.token(t, forger.payload(), typed())); !errors.Is(err, keys.ErrInvalidToken) {
		t.Fatalf("a token before there is a key: %v", err)
	}
	token := n.sign(t, keys.RS256)
	if _, err := late.rings.Verify(t.Context(), tenant, "at+jwt", token); err != nil {
		t.Errorf("the late node: %v", err)
	}
	if set := late.jwks(t, tenant); len(set.Key(kidOf(t, token))) != 1 || late.made != 0 {
		t.Error("the late node does not publish the first key")
	}
}

// A key that replaces a revoked one signs at once, too. Kids that nobody has
// do not read the keys anew each time.
func TestNodeThatHasNotHeardOfAReplacementVerifiesItsTokens(t *testing.T) {
	n := newNode(t)
	kid := kidOf(t, n.sign(t, keys.RS256))
	late := n.late()
	late.sign(t, keys.RS256)
	n.change(t, func(set keys.Set, now time.Time, newKey keys.NewKey) (keys.Set, error) {
		return keys.Revoke(set, kid, now, timing(), newKey)
	})
	token := n.sign(t, keys.RS256)
	late.wait(time.Second)
	if _, err := late.rings.Verify(t.Context(), tenant, "at+jwt", token); err != nil {
		t.Errorf("the late node: %v", err)
	}
	forged := newForger(t).token(t, newForger(t).payload(), typed())
	before := late.loads
	for range 10 {
		if _, err := late.rings.Verify(t.Context(), tenant, "at+jwt", forged); !errors.Is(err, keys.ErrInvalidToken) {
			t.Errorf("a token of nobody's key: %v", err)
		}
	}
	if late.loads != before {
		t.Errorf("10 made-up kids within a second read the keys %d times", late.loads-before)
	}
}
