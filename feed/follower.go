package feed

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// Source is where the events of all nodes come from.
type Source interface {
	// LastEvent returns the number of the newest committed event, 0 for none.
	LastEvent(ctx context.Context) (int64, error)
	// EventsAfter returns committed events numbered above n, in order, at most
	// limit of them.
	EventsAfter(ctx context.Context, n int64, limit int) ([]Event, error)
}

// batch bounds what is read at once.
const batch = 1000

// Follower reads the feed and hands each event to the caches, once and in
// order. One goroutine polls; Staleness may be asked from any.
type Follower struct {
	source Source
	apply  func(Event)
	reset  func()
	every  time.Duration
	now    func() time.Time
	last   int64 // -1 before the first poll
	fresh  atomic.Pointer[time.Time]
}

// NewFollower makes a Follower that polls source every interval. apply gets
// each event; reset must drop everything: it is called at first, and whenever
// the feed does not go on where it was left, as after a database was restored.
func NewFollower(source Source, every time.Duration, now func() time.Time, apply func(Event), reset func()) *Follower {
	return &Follower{source: source, every: every, now: now, apply: apply, reset: reset, last: -1}
}

// Poll reads what is new, once.
func (f *Follower) Poll(ctx context.Context) error {
	began := f.now()
	head, err := f.source.LastEvent(ctx)
	if err != nil {
		return err
	}
	if f.last < 0 || head < f.last {
		f.last = head
		f.reset()
	}
	for f.last < head {
		events, err := f.source.EventsAfter(ctx, f.last, batch)
		if err != nil {
			return err
		}
		if len(events) == 0 || events[0].N != f.last+1 { // purged before this node came to read them
			f.last = head
			f.reset()
			break
		}
		for _, event := range events {
			f.apply(event)
			f.last = event.N
		}
	}
	f.fresh.Store(&began)
	return nil
}

// Run polls until ctx ends, and hands each failure to failed.
func (f *Follower) Run(ctx context.Context, failed func(error)) {
	ticker := time.NewTicker(f.every)
	defer ticker.Stop()
	for {
		if err := f.Poll(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Staleness returns how long ago the last successful poll began: what is in
// memory may be that old. Before the first one it is as long as can be.
func (f *Follower) Staleness() time.Duration {
	fresh := f.fresh.Load()
	if fresh == nil {
		return math.MaxInt64
	}
	return f.now().Sub(*fresh)
}
