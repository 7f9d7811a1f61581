package verify

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestAFetchThatHangsEndsAfterFiveSeconds, for whoever waits and for itself.
func TestAFetchThatHangsEndsAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &document[int]{
			fetch: func(ctx context.Context, _ *snapshot[int]) (int, time.Duration, error) {
				<-ctx.Done()
				return 0, 0, ctx.Err()
			},
			now: time.Now, pace: pace{most: time.Minute, gap: keysGap, cold: coldGap},
		}
		began := time.Now()
		held, err := d.get(t.Context())
		if held != nil || err != nil || !errors.Is(d.lastFailure(), context.DeadlineExceeded) {
			t.Errorf("%v, %v, %v", held, err, d.lastFailure())
		}
		if waited := time.Since(began); waited != fetchTimeout {
			t.Errorf("waited %v", waited)
		}
	})
}

// TestAStaleValueServesOnlyAfterTheIssuerWasAsked: every use past the end waits
// for the fetch under way, however many there are.
func TestAStaleValueServesOnlyAfterTheIssuerWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := 0
		d := &document[int]{
			fetch: func(context.Context, *snapshot[int]) (int, time.Duration, error) {
				time.Sleep(time.Second)
				next++
				return next, 20 * time.Second, nil
			},
			now: time.Now, pace: pace{most: time.Minute, gap: scheduleGap, cold: coldGap},
		}
		use := func(want int) {
			t.Helper()
			if held, err := d.get(t.Context()); err != nil || held.value != want {
				t.Errorf("%v, %v, want %d", held, err, want)
			}
		}
		use(1)
		time.Sleep(14 * time.Second)
		use(1) // three quarters after the fetch began: the next one starts
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		use(2)
		time.Sleep(20 * time.Second)
		for range 10 {
			go use(3)
		}
		use(3)
		synctest.Wait()
		if next != 3 {
			t.Errorf("%d fetches", next)
		}
	})
}

// TestFreshnessCountsFromTheBeginningOfTheFetch: a slow answer may be that old.
func TestFreshnessCountsFromTheBeginningOfTheFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &document[int]{
			fetch: func(context.Context, *snapshot[int]) (int, time.Duration, error) {
				time.Sleep(4 * time.Second)
				return 0, time.Hour, nil
			},
			now: time.Now, pace: pace{most: time.Minute, gap: scheduleGap, cold: coldGap},
		}
		began := time.Now()
		held, err := d.get(t.Context())
		if err != nil || held.at != began || held.staleAt != began.Add(time.Minute) {
			t.Errorf("%v, %v", held, err)
		}
	})
}
