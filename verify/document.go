package verify

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// document is one cached document of an issuer. It is fetched by whoever uses it:
// three quarters through its life a use starts the next fetch and goes on, at its
// end a use waits for that fetch. At most one fetch runs at a time, and two begin
// at least gap apart.
type document[T any] struct {
	// fetch returns the new value and for how long it is fresh; held is nil at first.
	fetch func(ctx context.Context, held *snapshot[T]) (value T, fresh time.Duration, err error)
	now   func() time.Time
	gap   time.Duration // between the beginnings of two fetches
	cold  time.Duration // the same while nothing is held
	most  time.Duration // caps fresh

	current atomic.Pointer[snapshot[T]]

	mu      sync.Mutex
	pending chan struct{} // closed when the fetch under way ends; nil when there is none
	tried   time.Time     // when the last fetch began
	failure error         // why the last fetch failed
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
	held, now := d.current.Load(), d.now()
	if held != nil && now.Before(held.staleAt) {
		if !now.Before(held.renewAt) {
			d.begin(ctx)
		}
		return held, nil
	}
	return d.renew(ctx)
}

// renew waits for a fetch that is under way or may begin. Where none may begin, one
// began less than gap ago: either the value is from that one, or it failed and the
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
	gap := d.gap
	if d.current.Load() == nil {
		gap = d.cold
	}
	now := d.now()
	if !d.tried.IsZero() && now.Before(d.tried.Add(gap)) {
		return nil
	}
	done := make(chan struct{})
	d.tried, d.pending = now, done
	// The fetch is for all who wait: it must not end with the request that began it.
	go d.run(context.WithoutCancel(ctx), now, done)
	return done
}

func (d *document[T]) run(ctx context.Context, began time.Time, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	value, fresh, err := d.fetch(ctx, d.current.Load())
	if err == nil {
		if fresh < 0 || fresh > d.most {
			fresh = d.most
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
	close(done)
}

// lastFailure is why the last fetch failed, nil where it did not.
func (d *document[T]) lastFailure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failure
}
