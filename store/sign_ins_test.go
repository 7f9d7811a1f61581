package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func take(t *testing.T, db *store.DB, a tenants.Attempt) time.Duration {
	t.Helper()
	wait, err := db.TakeAttempt(t.Context(), a)
	must(t, err)
	return wait
}

// fail takes attempts until one has to wait, and returns how many had not to.
func fail(t *testing.T, db *store.DB, a tenants.Attempt) (taken int) {
	t.Helper()
	for take(t, db, a) == 0 {
		if taken++; taken > 1000 {
			t.Fatal("there is no limit")
		}
	}
	return taken
}

func TestFailuresBlockAnAccountForLongerAndLongerNeverForEver(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	a := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "192.0.2.1", At: instant}
	if taken := fail(t, db, a); taken != tenants.AttemptsAllowed {
		t.Errorf("%d attempts were taken", taken)
	}
	for i, block := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
		a.Source = fmt.Sprint("198.51.100.", i) // which has not guessed yet
		if wait := take(t, db, a); wait != block {
			t.Errorf("waits %v, want %v", wait, block)
		}
		a.At = a.At.Add(block - time.Microsecond)
		if wait := take(t, db, a); wait != time.Microsecond {
			t.Errorf("shortly before its end: %v", wait)
		}
		a.At = a.At.Add(time.Microsecond)
		if wait := take(t, db, a); wait != 0 {
			t.Errorf("at its end: %v", wait)
		}
	}
	for _, free := range []tenants.Attempt{
		{TenantID: other.ID, Account: "ann", Source: a.Source, At: a.At},
		{TenantID: acme.ID, Account: "ben", Source: a.Source, At: a.At},
	} {
		if take(t, db, free) != 0 {
			t.Errorf("%+v has to wait for another account", free)
		}
	}
	a.Source = "192.0.2.2"
	if take(t, db, a) == 0 {
		t.Error("another unknown source need not wait")
	}
	a.At = a.At.Add(tenants.FailuresForgotten + time.Microsecond)
	if taken := fail(t, db, a); taken != tenants.AttemptsAllowed {
		t.Errorf("a day later %d attempts were taken", taken)
	}
	a.Account = tenants.NoAccount("digest") // of which no event tells
	fail(t, db, a)
	events, err := db.AuditEvents(t.Context(), acme.ID, admin.Range{Prefix: "user.block"}, time.Time{})
	must(t, err)
	if len(events) != 9 || events[0].Target != "ann" {
		t.Errorf("%d events: %+v", len(events), events)
	}
}

// Nobody can lock a user out of where the user signs in from.
func TestKnownSourceHasACountOfItsOwn(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	home := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "198.51.100.7", At: instant}
	attacker := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "192.0.2.1", At: instant}
	take(t, db, home)
	must(t, db.SignedIn(t.Context(), home))
	if taken := fail(t, db, attacker); taken != tenants.AttemptsAllowed {
		t.Errorf("%d attempts were taken", taken)
	}
	if wait := take(t, db, home); wait != 0 {
		t.Errorf("at home ann waits %v", wait)
	}
	must(t, db.SignedIn(t.Context(), home))
	if take(t, db, attacker) == 0 {
		t.Error("the user's own success frees the attacker")
	}
	if taken := fail(t, db, home); taken != tenants.AttemptsAllowed {
		t.Errorf("at home %d attempts were taken", taken)
	}
	// What is right somewhere new clears the way there, and only what stood in it.
	attacker.At = attacker.At.Add(time.Hour)
	take(t, db, attacker)
	must(t, db.SignedIn(t.Context(), attacker))
	if take(t, db, attacker) != 0 {
		t.Error("a source has to wait after it was right")
	}
	home.At = home.At.Add(time.Second)
	if take(t, db, home) == 0 {
		t.Error("the failures at another source are forgotten too")
	}
}

func TestOnlyTheLatestSourcesAreKnown(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	at := func(n int) tenants.Attempt {
		return tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: fmt.Sprintf("192.0.2.%d", n), At: instant.Add(time.Duration(n) * time.Minute)}
	}
	for n := range tenants.SourcesKept + 1 {
		must(t, db.SignedIn(t.Context(), at(n)))
	}
	stranger := at(200)
	fail(t, db, stranger)
	first, second, last := at(0), at(1), at(tenants.SourcesKept)
	first.At, second.At, last.At = stranger.At, stranger.At, stranger.At
	if take(t, db, first) == 0 {
		t.Error("the oldest source is known still")
	}
	if take(t, db, second) != 0 || take(t, db, last) != 0 {
		t.Error("a source that should be known is not")
	}
}

// Class M: sources that only guess take the place of none that is known.
func TestClassMGuessersPushNoSourceOut(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	home := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "198.51.100.7", At: instant}
	must(t, db.SignedIn(t.Context(), home))
	guess := home
	for n := range tenants.AttemptsAllowed + tenants.SourcesKept {
		guess.Source, guess.At = fmt.Sprint("192.0.2.", n), guess.At.Add(tenants.LongestBlock)
		if wait := take(t, db, guess); wait > 0 {
			t.Fatalf("guesser %d waits %v", n, wait)
		}
	}
	elsewhere := home
	elsewhere.Source, elsewhere.At = "198.51.100.8", guess.At.Add(tenants.LongestBlock)
	must(t, db.SignedIn(t.Context(), elsewhere))
	for _, a := range []tenants.Attempt{home, elsewhere} {
		if known, err := db.KnowsSource(t.Context(), a); err != nil || !known {
			t.Errorf("%s is not known: %v", a.Source, err)
		}
	}
}

func TestAttemptsArePurgedWhenTheyNoLongerCount(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	ann := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "a", At: instant}
	nobody := tenants.Attempt{TenantID: acme.ID, Account: tenants.NoAccount("x"), Source: "b", At: instant}
	must(t, db.SignedIn(t.Context(), ann))
	fail(t, db, nobody) // two rows: of all sources, and of this one's turn
	at := func(after time.Duration, want int64) {
		t.Helper()
		if deleted, err := db.PurgeAttempts(t.Context(), nobody.At.Add(after)); err != nil || deleted != want {
			t.Errorf("%v after the last guess: %d, %v", after, deleted, err)
		}
	}
	nobody.At, nobody.Source = nobody.At.Add(tenants.FailuresForgotten), "c"
	if take(t, db, nobody) != 0 {
		t.Fatal("no guess a day later")
	}
	at(time.Second, 0) // the first turn is older than a day, and still a turn
	at(tenants.FailuresForgotten, 0)
	at(tenants.FailuresForgotten+time.Second, 3)
	nobody.At = instant
	at(tenants.SourceForgotten, 0)
	at(tenants.SourceForgotten+time.Second, 1)
}

// Class M: attempts at once, on several nodes, evaluate no more guesses than
// one after the other.
func TestClassMParallelAttemptsOnTwoNodesAreCountedBeforeTheyAreJudged(t *testing.T) {
	a, b := storetest.OpenPair(t)
	acme := newTenant(t, a, "acme")
	for round := range 10 {
		for _, source := range []string{"known", "new", "many"} {
			attempt := tenants.Attempt{TenantID: acme.ID, Account: fmt.Sprintf("%s%d", source, round), Source: source, At: instant}
			if source == "known" {
				must(t, a.SignedIn(t.Context(), attempt))
			}
			var taken atomic.Int32
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					attempt := attempt
					if source == "many" {
						attempt.Source = fmt.Sprint("192.0.2.", i)
					}
					wait, err := []*store.DB{a, b}[i%2].TakeAttempt(t.Context(), attempt)
					if err != nil {
						t.Error(err)
					}
					if wait == 0 && err == nil {
						taken.Add(1)
					}
				})
			}
			wg.Wait()
			if taken.Load() != tenants.AttemptsAllowed {
				t.Errorf("%s, round %d: %d of 100 were taken", source, round, taken.Load())
			}
		}
	}
}

// Only where this very account has signed in before is it known.
func TestSourcesAreKnownOfOneAccountOnly(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	home := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "192.0.2.1", At: instant}
	take(t, db, home)
	knows := func(a tenants.Attempt) bool {
		t.Helper()
		known, err := db.KnowsSource(t.Context(), a)
		must(t, err)
		return known
	}
	if knows(home) || knows(tenants.Attempt{TenantID: acme.ID, Account: "ann"}) {
		t.Error("known before anybody has signed in")
	}
	must(t, db.SignedIn(t.Context(), home))
	if !knows(home) {
		t.Error("not known after signing in")
	}
	for what, a := range map[string]tenants.Attempt{
		"another tenant":  {TenantID: other.ID, Account: "ann", Source: home.Source},
		"another account": {TenantID: acme.ID, Account: "ben", Source: home.Source},
		"another source":  {TenantID: acme.ID, Account: "ann", Source: "192.0.2.2"},
		"no source":       {TenantID: acme.ID, Account: "ann"},
		"no text":         {TenantID: acme.ID, Account: "ann\x00", Source: home.Source},
	} {
		if knows(a) {
			t.Errorf("known at %s", what)
		}
	}
}
