package keys_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

const tenant = "0198a000-0000-7000-8000-000000000001"

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func timing() keys.Timing {
	return keys.Timing{
		MaxAge: 5 * time.Minute, Staleness: 30 * time.Second, Skew: time.Minute,
		Period: 30 * 24 * time.Hour, Lead: 24 * time.Hour,
	}
}

// node is one node whose store is in memory: the key sets of tenants.
type node struct {
	mu     sync.Mutex
	sets   map[string]keys.Set
	loads  int
	algs   []string // that the tenant and its APIs ask for
	asked  int      // for a first key
	made   int
	now    time.Time
	sealer *keys.Sealer
	rings  *keys.Rings
}

func newNode(testing.TB) *node {
	n := &node{sets: map[string]keys.Set{}, algs: []string{keys.RS256}, now: start, sealer: keystest.Sealer()}
	n.rings = keys.NewRings(n, n, n.sealer, timing(), n.clock)
	return n
}

// restarted is another process on the same store.
func (n *node) restarted() *node {
	m := &node{sets: n.sets, algs: n.algs, now: n.now, sealer: n.sealer}
	m.rings = keys.NewRings(m, m, m.sealer, timing(), m.clock)
	return m
}

func (n *node) clock() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}

func (n *node) wait(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now = n.now.Add(d)
}

func (n *node) KeySet(_ context.Context, tenantID string) (keys.Set, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.loads++
	set := n.sets[tenantID]
	set.TenantID = tenantID
	return set, nil
}

func (n *node) EnsureKey(ctx context.Context, tenantID, alg string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	if ctx.Err() != nil {
		return ctx.Err()
	}
	algs := n.algs
	if alg != "" {
		algs = append(slices.Clone(algs), alg)
	}
	set := n.sets[tenantID]
	set.TenantID = tenantID
	set, changed, err := keys.Ensure(set, algs, n.now, timing(), keystest.NewKey(n.sealer, tenantID, 0))
	if err == nil && changed {
		n.made++
		n.sets[tenantID] = set
	}
	return err
}

// change stores what plan makes of the tenant's set, and tells the node of it.
func (n *node) change(tb testing.TB, plan func(keys.Set, time.Time, keys.NewKey) (keys.Set, error)) {
	tb.Helper()
	n.mu.Lock()
	set := n.sets[tenant]
	set.TenantID = tenant
	set, err := plan(set, n.now, keystest.NewKey(n.sealer, tenant, 0))
	n.sets[tenant] = set
	n.mu.Unlock()
	if err != nil {
		tb.Fatal(err)
	}
	n.rings.Apply(feed.Event{TenantID: tenant, Kind: feed.Keys})
}

func (n *node) sign(tb testing.TB, alg string) string {
	tb.Helper()
	token, _, err := n.rings.Sign(tb.Context(), tenant, alg, "at+jwt", claimsAt(n.clock()))
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

func (n *node) jwks(tb testing.TB, tenantID string) *jose.JSONWebKeySet {
	tb.Helper()
	doc, err := n.rings.JWKS(tb.Context(), tenantID)
	if err != nil {
		tb.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(doc.Body, &set); err != nil {
		tb.Fatal(err)
	}
	return &set
}

type onePepper struct{ sealed keys.SealedPepper }

func (p onePepper) Pepper(context.Context, string) (keys.SealedPepper, error) { return p.sealed, nil }
