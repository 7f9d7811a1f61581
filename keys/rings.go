package keys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// ringsKept bounds how many tenants' keys are in memory.
const ringsKept = 8192

// readGap bounds how often made-up kids have a tenant's keys read anew.
const readGap = time.Second

// RingSource is where Rings reads what it does not have in memory. A tenant
// without keys has an empty set.
type RingSource interface {
	KeySet(ctx context.Context, tenantID string) (Set, error)
}

// Maker sees to it that a tenant has its keys and one for an algorithm, when a
// token asks for it, and does nothing where there are. An empty alg asks for no
// further one.
type Maker interface {
	EnsureKey(ctx context.Context, tenantID, alg string) error
}

// Rings signs and verifies the tokens of all tenants, with their keys kept in
// memory. It is safe for concurrent use.
type Rings struct {
	source RingSource
	maker  Maker
	sealer *Sealer
	timing Timing
	now    func() time.Time
	kept   *feed.Cache[string, *Ring]
	making singleflight.Group
	gate   chan struct{}
}

// NewRings makes Rings that reads key sets from src, opens them with s, and
// has first keys made by maker.
func NewRings(src RingSource, maker Maker, s *Sealer, t Timing, now func() time.Time) *Rings {
	return &Rings{
		source: src, maker: maker, sealer: s, timing: t, now: now,
		kept: feed.NewCache[string, *Ring](ringsKept),
		gate: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
}

func (r *Rings) ring(ctx context.Context, tenantID string) (*Ring, error) {
	ring, _, err := r.kept.Get(ctx, tenantID, func(ctx context.Context) (*Ring, bool, error) {
		set, err := r.source.KeySet(ctx, tenantID)
		if err != nil {
			return nil, false, err
		}
		set.TenantID = tenantID
		ring, err := newRing(set, r.sealer, r.timing, r.now())
		return ring, true, err
	})
	if err == nil && !anySigns(ring.set, r.now()) {
		// A first key signs at once, on whichever node: it must be found here
		// before this node can have heard of it.
		r.kept.Drop(tenantID)
	}
	return ring, err
}

// anew returns the tenant's ring for a kid that the given one does not know: as
// it is stored by now, unless it was read only just.
func (r *Rings) anew(ctx context.Context, tenantID string, ring *Ring) (*Ring, error) {
	if r.now().Sub(ring.readAt) < readGap {
		return ring, nil
	}
	r.kept.Drop(tenantID)
	return r.ring(ctx, tenantID)
}

// Sign returns claims as a signed JWT of that typ (RFC 7515 section 4.1.9),
// and the kid of the tenant's key that signed it. alg is one of Algs; while
// the first key of a new algorithm waits for its lead, another algorithm's key
// signs. It answers ErrNoKey, and what RingSource, Maker and ctx answer.
func (r *Rings) Sign(ctx context.Context, tenantID, alg, typ string, claims any) (token, kid string, err error) {
	if !plainType(typ) {
		return "", "", fmt.Errorf("typ %q is not a media type", typ)
	}
	key, err := r.signingKey(ctx, tenantID, alg)
	if err != nil {
		return "", "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", "", fmt.Errorf("claims: %w", err)
	}
	// Signing is all CPU: those who wait in line are served in their order,
	// while the scheduler would let some wait much longer than others.
	select {
	case r.gate <- struct{}{}:
	case <-ctx.Done():
		return "", "", ctx.Err()
	}
	defer func() { <-r.gate }()
	token, err = key.token(typ, payload)
	return token, key.kid, err
}

// signingKey returns the key that signs now. Where there is none, it has the
// first one made, once for all who wait for it.
func (r *Rings) signingKey(ctx context.Context, tenantID, alg string) (*signingKey, error) {
	ring, err := r.ring(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	key, err := ring.signer(alg, r.now())
	if err == nil {
		return key.signing, nil
	}
	if !errors.Is(err, ErrNoKey) {
		return nil, err
	}
	if err := CheckAlg(alg, 0); err != nil {
		return nil, err
	}
	if err := r.make(ctx, tenantID, alg); err != nil {
		return nil, err
	}
	if ring, err = r.ring(ctx, tenantID); err != nil {
		return nil, err
	}
	if key, err = ring.signer(alg, r.now()); err != nil {
		return nil, err
	}
	return key.signing, nil
}

// make has the first key for an algorithm made, once for all who wait for it.
func (r *Rings) make(ctx context.Context, tenantID, alg string) error {
	made := r.making.DoChan(tenantID+"\x00"+alg, func() (any, error) {
		err := r.maker.EnsureKey(context.WithoutCancel(ctx), tenantID, alg)
		r.kept.Drop(tenantID)
		return nil, err
	})
	select {
	case result := <-made:
		return result.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// published returns a ring with a key that signs. A verifier may come before
// the next token does, and keep what it gets: a tenant without keys, or whose keys
// were taken back, gets them now.
func (r *Rings) published(ctx context.Context, tenantID string) (*Ring, error) {
	ring, err := r.ring(ctx, tenantID)
	if err != nil || anySigns(ring.set, r.now()) {
		return ring, err
	}
	if err := r.make(ctx, tenantID, ""); err != nil {
		return nil, err
	}
	return r.ring(ctx, tenantID)
}

// plainType reports whether typ is made of the characters of a media type
// (RFC 6838 section 4.2), which need no escaping in JSON.
func plainType(typ string) bool {
	for i := range len(typ) {
		c := typ[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '/', c == '+', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return typ != "" && len(typ) <= 64
}

// JWKS returns the tenant's JWK Set (RFC 7517 section 5): all keys that are
// not gone, with their public members only. It is the same on every node.
func (r *Rings) JWKS(ctx context.Context, tenantID string) (Document, error) {
	ring, err := r.published(ctx, tenantID)
	if err != nil {
		return Document{}, err
	}
	now := r.now()
	return ring.rendered(&ring.jwks, "", now, func() ([]byte, error) { return ring.renderJWKS(now) })
}

// Apply drops what a change may have made untrue.
func (r *Rings) Apply(e feed.Event) {
	if e.Kind == feed.Keys || e.Kind == feed.Tenant {
		r.kept.Drop(e.TenantID)
	}
}

// Forget has the tenant's keys read anew when they are next used.
func (r *Rings) Forget(tenantID string) { r.kept.Drop(tenantID) }

// Reset forgets all keys.
func (r *Rings) Reset() { r.kept.Reset() }

// Stats returns how many calls found the tenant's keys in memory and how many
// did not.
func (r *Rings) Stats() (hits, misses uint64) { return r.kept.Stats() }
