package verify

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// document is one cached document of an issuer. It is fetched by whoever uses it:
// three quarters through its life a use starts the next fetch and goes on, at its
// end a use waits for that fetch. Where the last fetch failed, the issuer counts as
// away for a while: then what is held serves while the next fetch runs, so that
// nobody waits again and again for what does not answer. At most one fetch runs at
// a time.
type document[T any] struct {
	// fetch returns the new value and for how long it is fresh; held is nil at first.
	fetch func(ctx context.Context, held *snapshot[T]) (value T, fresh time.Duration, err error)
	// serves tells whether held, nil where there is none, will do while the issuer
	// is away.
	serves func(held *snapshot[T]) bool
	now    func() time.Time
	pace   pace

	current atomic.Pointer[snapshot[T]]

	mu       sync.Mutex
	pending  chan struct{} // closed when the fetch under way ends; nil when there is none
	next     time.Time     // when the next fetch may begin
	failures int           // how many fetches failed since the last that did not
	failed   time.Time     // when the last of these began
	failure  error         // why it failed; nil where the last fetch did not
}

// pace is how often a document is fetched.
type pace struct {
	most time.Duration // caps how long a value is fresh
	gap  time.Duration // from the beginning of a fetch that succeeds to the next
	cold time.Duration // from the end of one that fails to the next, while nothing is held
	// longest bounds the same while something is held: gap at first, and twice as
	// long with every failure in a row.
	longest time.Duration
	// away is how long the issuer counts as away after the beginning of a fetch that
	// fails. In that time the next one has ended, where there are requests to start it.
	away time.Duration
}

type snapshot[T any] struct {
	value   T
	at      time.Time // when its fetch began: what the issuer said then or later
	renewAt time.Time
	staleAt time.Time
}

// get returns the value, fresh where the issuer answers and else the last known
// one, and nil where there never was one. The error is ctx's.
func (d *document[T]) get(ctx context.Context) (*snapshot[T], error) {
	held := d.start(ctx)
	if held != nil && d.now().Before(held.staleAt) {
		return held, nil
	}
	if d.away() && d.serves(held) {
		return held, nil
	}
	return d.renew(ctx)
}

// start returns what is held, and starts a fetch where one is due and may begin.
func (d *document[T]) start(ctx context.Context) *snapshot[T] {
	held := d.current.Load()
	if held == nil || !d.now().Before(held.renewAt) {
		d.begin(ctx)
	}
	return held
}

// renew waits for a fetch that is under way or may begin. Where none may begin, one
// ended a short time ago: either the value is from that one, or it failed and the
// issuer counts as away.
func (d *document[T]) renew(ctx context.Context) (*snapshot[T], error) {
	if pending := d.begin(ctx); pending != nil {
		select {
		case <-pending:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return d.current.Load(), nil
}

// begin returns the fetch under way, which it starts where one is allowed, or nil.
func (d *document[T]) begin(ctx context.Context) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending != nil {
		return d.pending
	}
	now := d.now()
	if now.Before(d.next) {
		return nil
	}
	done := make(chan struct{})
	d.pending = done
	// The fetch is for all who wait: it must not end with the request that began it.
	go d.run(context.WithoutCancel(ctx), now, done)
	return done
}

func (d *document[T]) run(ctx context.Context, began time.Time, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	value, fresh, err := d.fetch(ctx, d.current.Load())
	if err == nil {
		if fresh < 0 || fresh > d.pace.most {
			fresh = d.pace.most
		}
		d.current.Store(&snapshot[T]{
			value:   value,
			at:      began,
			renewAt: began.Add(fresh * 3 / 4),
			staleAt: began.Add(fresh),
		})
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failure, d.pending = err, nil
	if err == nil {
		d.failures, d.next = 0, began.Add(d.pace.gap)
	} else {
		// From now on: a fetch that was waited for in vain has used up its time.
		d.next = d.now().Add(d.pause())
		d.failures, d.failed = d.failures+1, began
	}
	close(done)
}

// pause is from the end of a fetch that fails, after so many failures, to the next.
func (d *document[T]) pause() time.Duration {
	if d.current.Load() == nil {
		return d.pace.cold
	}
	pause := d.pace.gap
	for range d.failures {
		if pause >= d.pace.longest {
			break
		}
		pause *= 2
	}
	return min(pause, d.pace.longest)
}

// away tells whether it is too early to have a request wait for the issuer again.
func (d *document[T]) away() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failure != nil && d.now().Before(d.failed.Add(d.pace.away))
}

// lastFailure is why the last fetch failed, nil where it did not.
func (d *document[T]) lastFailure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failure
}
