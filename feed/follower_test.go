package feed_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// log is a feed in memory.
type log struct {
	events []feed.Event
	head   int64
	err    error
	slow   func() // happens while it is asked; nil: nothing
}

func (l *log) LastEvent(context.Context) (int64, error) {
	if l.slow != nil {
		l.slow()
	}
	return l.head, l.err
}

func (l *log) EventsAfter(_ context.Context, n int64, limit int) ([]feed.Event, error) {
	var after []feed.Event
	for _, e := range l.events {
		if e.N > n && e.N <= l.head && len(after) < limit {
			after = append(after, e)
		}
	}
	return after, l.err
}

func (l *log) add(count int) {
	for range count {
		l.head++
		l.events = append(l.events, feed.Event{N: l.head})
	}
}

// follower returns a follower of l and what it has applied; a reset shows as 0.
func follower(l *log, now func() time.Time) (*feed.Follower, *[]int64) {
	seen := &[]int64{}
	return feed.NewFollower(l, time.Second, now,
		func(e feed.Event) { *seen = append(*seen, e.N) },
		func() { *seen = append(*seen, 0) }), seen
}

func poll(t *testing.T, f *feed.Follower) {
	t.Helper()
	if err := f.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestFollowerAppliesEachEventOnce(t *testing.T) {
	l := &log{}
	l.add(3)
	f, seen := follower(l, time.Now)
	poll(t, f)
	l.add(2500)
	poll(t, f)
	poll(t, f)
	if len(*seen) != 2501 || (*seen)[0] != 0 || (*seen)[1] != 4 || !slices.IsSorted(*seen) {
		t.Errorf("applied %d events, beginning with %v", len(*seen), (*seen)[:2])
	}
}

func TestFollowerStartsAnewWhereTheFeedDoesNotGoOn(t *testing.T) {
	l := &log{}
	l.add(5)
	f, seen := follower(l, time.Now)
	poll(t, f)
	l.head = 2 // an older database was restored
	poll(t, f)
	l.add(10)
	l.events = l.events[9:] // purged before this node read them
	poll(t, f)
	l.add(1)
	poll(t, f)
	l.add(2)
	l.events = nil // all of them
	poll(t, f)
	if !slices.Equal(*seen, []int64{0, 0, 0, 13, 0}) {
		t.Errorf("got %v", *seen)
	}
}

// What fails because the node stops is no failure.
func TestFailuresAreToldUntilTheEnd(t *testing.T) {
	l := &log{err: errors.New("away")}
	f, _ := follower(l, time.Now)
	ctx, stop := context.WithCancel(t.Context())
	told := 0
	f.Run(ctx, func(error) { told++; stop() })
	ctx, l.slow = context.WithCancel(t.Context())
	f.Run(ctx, func(error) { told++ })
	if told != 1 {
		t.Errorf("%d failures were told of", told)
	}
}

func TestStalenessCountsFromTheBeginningOfTheLastGoodPoll(t *testing.T) {
	now := time.Unix(1000, 0)
	l := &log{}
	f, _ := follower(l, func() time.Time { return now })
	if f.Staleness() != math.MaxInt64 {
		t.Errorf("before the first poll: %v", f.Staleness())
	}
	l.slow = func() { now = now.Add(3 * time.Second) }
	poll(t, f)
	if f.Staleness() != 3*time.Second {
		t.Errorf("after a slow poll: %v", f.Staleness())
	}
	l.slow = nil
	now = now.Add(4 * time.Second)
	l.err = errors.New("away")
	if err := f.Poll(t.Context()); err == nil {
		t.Error("a failed poll succeeded")
	}
	if f.Staleness() != 7*time.Second {
		t.Errorf("got %v", f.Staleness())
	}
}
