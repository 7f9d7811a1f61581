package assertion

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// How long a fetched JWKS is used.
const (
	minFresh     = time.Minute
	usualFresh   = 10 * time.Minute // where its sender does not say
	maxFresh     = time.Hour
	maxStale     = 4 * time.Hour    // while its host is away, since it last answered
	refetchAfter = 30 * time.Second // at the earliest, whatever the reason; once more at once after an answer
	keysetsKept  = 10_000
)

// Fetcher gets a document; *fetch.Client is one. fresh is negative where the
// sender does not say how long it may be kept.
type Fetcher interface {
	Get(ctx context.Context, url string) (body []byte, fresh time.Duration, err error)
}

// Keysets keeps the JWKS of clients and issuers that publish them. It is safe
// for concurrent use.
type Keysets struct {
	fetcher Fetcher
	now     func() time.Time
	kept    *lru.Cache[place, *keyset]
}

// place names a JWKS. That of one tenant is never another's, be the URI the same.
type place struct{ tenantID, uri string }

type keyset struct {
	turn  chan struct{} // held by the one who fetches
	state atomic.Pointer[state]
}

// state is what is known of a JWKS; it never changes. A zero time is long ago.
type state struct {
	keys      []Key
	err       error     // of the last attempt
	attempted time.Time // zero: never
	earlier   time.Time // when it was attempted before; zero: never
	answered  time.Time // when it was last fetched with success; zero: never
	fresh     time.Duration
}

// NewKeysets makes Keysets.
func NewKeysets(fetcher Fetcher, now func() time.Time) *Keysets {
	kept, err := lru.New[place, *keyset](keysetsKept)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &Keysets{fetcher: fetcher, now: now, kept: kept}
}

// Keys returns the keys at a tenant's URI. Those in memory will do while they
// are fresh and satisfy; otherwise they are fetched, at most twice in 30 s, once where
// that fails. While the host is away the last good ones are used for up to 4 h.
func (k *Keysets) Keys(ctx context.Context, tenantID, uri string, satisfies func([]Key) bool) ([]Key, error) {
	set := k.keyset(place{tenantID, uri})
	known := set.state.Load()
	if known.usable(k.now(), satisfies) {
		return known.answer(k.now(), uri)
	}
	select {
	case set.turn <- struct{}{}:
		defer func() { <-set.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	known = set.state.Load() // somebody else may have fetched it meanwhile
	if !known.usable(k.now(), satisfies) {
		// Who gives up must not spoil the attempt for those who wait.
		known = k.fetch(context.WithoutCancel(ctx), uri, known)
		set.state.Store(known)
	}
	return known.answer(k.now(), uri)
}

func (k *Keysets) keyset(at place) *keyset {
	if set, ok := k.kept.Get(at); ok {
		return set
	}
	made := &keyset{turn: make(chan struct{}, 1)}
	made.state.Store(&state{})
	if earlier, there, _ := k.kept.PeekOrAdd(at, made); there {
		return earlier
	}
	return made
}

func (k *Keysets) fetch(ctx context.Context, uri string, before *state) *state {
	after := &state{keys: before.keys, attempted: k.now(), earlier: before.attempted, answered: before.answered, fresh: before.fresh}
	body, fresh, err := k.fetcher.Get(ctx, uri)
	if err == nil {
		var keys []Key
		if keys, err = ParseJWKS(body); err == nil {
			if fresh < 0 {
				fresh = usualFresh
			}
			after.keys, after.answered, after.fresh = keys, after.attempted, min(max(fresh, minFresh), maxFresh)
		}
	}
	after.err = err
	return after
}

// usable reports whether nothing is to be fetched: what is known will do, or it
// is too early for another attempt.
func (s *state) usable(now time.Time, satisfies func([]Key) bool) bool {
	last := s.attempted
	if s.err == nil {
		last = s.earlier // what has just been fetched may have been replaced since
	}
	if now.Before(last.Add(refetchAfter)) {
		return true
	}
	return now.Before(s.answered.Add(s.fresh)) && satisfies(s.keys)
}

// answer returns the keys while they may be used.
func (s *state) answer(now time.Time, uri string) ([]Key, error) {
	if !now.Before(s.answered.Add(maxStale)) {
		return nil, fmt.Errorf("the keys at %s: %w", uri, s.err)
	}
	return s.keys, nil
}
