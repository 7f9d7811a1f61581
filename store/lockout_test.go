package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// A source that used up a guess waits for longer than those that did not: twice as
// long as they while it guesses alone. Class M: that is as long as where the account
// has signed in before, and as for an account that does not exist.
func TestClassMWhoGuessesAloneWaitsAlikeForEveryAccount(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	for _, a := range []tenants.Attempt{
		{Account: "ann"}, {Account: "at home"}, {Account: tenants.NoAccount("x")},
	} {
		a.TenantID, a.Source, a.At = acme.ID, "192.0.2.1", instant
		if a.Account == "at home" {
			must(t, db.SignedIn(t.Context(), a))
		}
		fail(t, db, a)
		wait := tenants.FirstBlock
		for used := range 12 {
			if told := take(t, db, a); told != 2*wait {
				t.Errorf("%s: after %d guesses it waits %v, want %v", a.Account, used+1, told, 2*wait)
			}
			a.At = a.At.Add(2*wait - time.Microsecond)
			if told := take(t, db, a); told != time.Microsecond {
				t.Errorf("%s: shortly before its end: %v", a.Account, told)
			}
			a.At = a.At.Add(time.Microsecond)
			if told := take(t, db, a); told != 0 {
				t.Errorf("%s: at its end: %v", a.Account, told)
			}
			wait = min(2*wait, tenants.LongestBlock)
		}
		a.At = a.At.Add(tenants.FailuresForgotten + time.Microsecond)
		fail(t, db, a)
		if told := take(t, db, a); told != 2*tenants.FirstBlock {
			t.Errorf("%s: a day later it waits %v", a.Account, told)
		}
	}
}

// Of sources that guessed those that used up more wait longer, by a wait of the
// account's for each guess that they used up more than the one that used up least.
func TestWhoGuessedMoreWaitsForLonger(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	more := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "192.0.2.1", At: instant}
	home := more
	home.Source = "198.51.100.7"
	must(t, db.SignedIn(t.Context(), home))
	fail(t, db, more)
	for range 9 {
		more.At = more.At.Add(2 * tenants.LongestBlock)
		take(t, db, more)
	}
	more.At = more.At.Add(tenants.LongestBlock)
	less := more
	less.Source = "192.0.2.2"
	for used := range 5 {
		if told := take(t, db, less); told != 0 {
			t.Errorf("who used up %d guesses waits %v", used, told)
		}
		if told, want := take(t, db, less), 2*tenants.LongestBlock; told != want {
			t.Errorf("who used up %d guesses waits %v, want %v", used+1, told, want)
		}
		if told, want := take(t, db, more), time.Duration(2+10-used-1)*tenants.LongestBlock; told != want {
			t.Errorf("who used up 10 guesses, and another one %d, waits %v, want %v", used+1, told, want)
		}
		less.At = less.At.Add(2 * tenants.LongestBlock)
		more.At = less.At
	}

	home.At = more.At
	take(t, db, home)
	if told, want := take(t, db, more), (2+10-5-2)*tenants.LongestBlock; told != want {
		t.Errorf("after a failure at home who used up 10 guesses waits %v, want %v", told, want)
	}
	more.At = more.At.Add(tenants.FailuresForgotten + time.Microsecond)
	fail(t, db, more)
	if told := take(t, db, more); told != 2*tenants.FirstBlock {
		t.Errorf("a day later who guesses again waits %v", told)
	}
}

// However many sources guess without a break, whoever comes from elsewhere waits
// for one block at most once each of them has used up a guess, and until then for
// no more blocks than they are. Whoever was wrong once waits until they have been
// wrong twice.
func TestNoNumberOfPollingSourcesKeepsAnybodyOut(t *testing.T) {
	for _, sources := range []int{1, 16} {
		for mistakes := range 3 {
			db := storetest.Open(t)
			acme := newTenant(t, db, "acme")
			now, looked := instant, 0
			try := func(source string) bool {
				return take(t, db, tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: source, At: now}) == 0
			}
			// poll has time pass in which the sources guess whenever they may, before ann.
			poll := func(d time.Duration) {
				for end := now.Add(d); now.Before(end); {
					now = now.Add(3 * time.Minute)
					for n := range sources {
						if try(fmt.Sprint("192.0.2.", n)) {
							looked++
						}
					}
				}
			}
			rounds := time.Duration(mistakes + 1)
			siege := time.Duration(sources) * rounds * (rounds + 1) / 2 * tenants.LongestBlock
			poll(time.Duration(sources) * tenants.LongestBlock)
			for made := 0; made < mistakes; poll(3 * time.Minute) {
				if try("198.51.100.7") {
					made++
				}
				if now.Sub(instant) > siege {
					t.Fatalf("%d sources: ann cannot make %d mistakes in %v", sources, mistakes, siege)
				}
			}
			poll(instant.Add(siege).Sub(now))
			came := now
			for !try("198.51.100.7") {
				if poll(3 * time.Minute); now.Sub(came) > rounds*tenants.LongestBlock {
					t.Fatalf("%d sources: after %v ann, who was wrong %d times, has waited for %v", sources, siege, mistakes, now.Sub(came))
				}
			}
			if most := tenants.AttemptsAllowed + 5 + int(now.Sub(instant)/tenants.LongestBlock); looked > most {
				t.Errorf("%d sources had %d guesses in %v", sources, looked, now.Sub(instant))
			}
			must(t, db.SignedIn(t.Context(), tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "198.51.100.7", At: now}))
			if poll(time.Hour); !try("198.51.100.7") {
				t.Error("ann waits after she has signed in")
			}
		}
	}
}

// Nor do the many networks of one site, each of which guesses once.
func TestNetworksOfOneSiteKeepNobodyOut(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	now, network := instant, 0
	try := func(source string) bool {
		return take(t, db, tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: source, At: now}) == 0
	}
	guess := func() {
		if now = now.Add(3 * time.Minute); try(fmt.Sprintf("2001:db8:1:%x::/64", network)) {
			network++
		}
	}
	for now.Sub(instant) < 6*time.Hour {
		guess()
	}
	came := now
	for !try("198.51.100.7") {
		if guess(); now.Sub(came) > tenants.LongestBlock {
			t.Fatalf("after %d networks have guessed ann has waited for %v", network, now.Sub(came))
		}
	}
	if try("2001:db8:2:1::/64") {
		t.Error("a network of another site need not wait for the account")
	}
	if now = now.Add(tenants.LongestBlock); !try("2001:db8:2:1::/64") {
		t.Error("a network of another site waits for longer than the account")
	}
}

// Where ann has signed in the neighbours' guesses are none of hers.
func TestKnownNetworkDoesNotWaitForItsNeighbours(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	home := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "2001:db8:1:1::/64", At: instant}
	must(t, db.SignedIn(t.Context(), home))
	for n := range tenants.AttemptsAllowed + 20 {
		home.At = home.At.Add(2 * tenants.LongestBlock)
		neighbour := home
		neighbour.Source = fmt.Sprintf("2001:db8:1:%x::/64", 16+n)
		if wait := take(t, db, neighbour); wait > 0 {
			t.Fatalf("neighbour %d waits %v", n, wait)
		}
	}
	if taken := fail(t, db, home); taken != tenants.AttemptsAllowed {
		t.Errorf("%d attempts were taken", taken)
	}
	if told, want := take(t, db, home), tenants.BlockAlone(tenants.AttemptsAllowed); told != want {
		t.Errorf("at home ann waits %v, want %v", told, want)
	}
}

// Whoever has a network at the site of a lone guesser comes before that one.
func TestNeighboursOfAGuesserComeFirst(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	guesser := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "2001:db8:1:1::/64", At: instant}
	fail(t, db, guesser)
	for range 60 {
		guesser.At = guesser.At.Add(2 * tenants.LongestBlock)
		if wait := take(t, db, guesser); wait > 0 {
			t.Fatalf("the guesser waits %v", wait)
		}
	}
	ann := guesser
	ann.Source, ann.At = "2001:db8:1:2::/64", guesser.At.Add(tenants.LongestBlock)
	if wait := take(t, db, ann); wait > 0 {
		t.Errorf("a neighbour waits %v after the block", wait)
	}
}

// What an administrator does about it ends every wait, and forgets no place.
func TestAnAdministratorEndsAWait(t *testing.T) {
	for what, act := range map[string]func(*store.DB, *tenants.User) error{
		"unlock": func(db *store.DB, u *tenants.User) error {
			return db.Unlock(t.Context(), u.TenantID, u.ID, audit("user.unlock"))
		},
		"password": func(db *store.DB, u *tenants.User) error {
			u.PasswordHash = "new"
			return db.UpdateUser(t.Context(), u, audit("user.unlock"))
		},
		"status": func(db *store.DB, u *tenants.User) error {
			u.Status = tenants.Disabled
			return db.UpdateUser(t.Context(), u, audit("user.unlock"))
		},
		"name": func(db *store.DB, u *tenants.User) error {
			u.Name = "Ann"
			return db.UpdateUser(t.Context(), u, audit("user.unlock"))
		},
	} {
		db := storetest.Open(t)
		acme := newTenant(t, db, "acme")
		u := createUser(t, db, acme.ID, "ann")
		home := tenants.Attempt{TenantID: acme.ID, Account: u.ID, Source: "198.51.100.7", At: instant}
		must(t, db.SignedIn(t.Context(), home))
		away, ben := home, home
		away.Source, ben.Account = "192.0.2.1", "ben"
		for _, a := range []tenants.Attempt{home, away, ben} {
			fail(t, db, a)
		}
		must(t, act(db, u))
		for _, a := range []tenants.Attempt{home, away} {
			if waits := take(t, db, a) > 0; waits != (what == "name") {
				t.Errorf("%s, from %s: waits %v", what, a.Source, waits)
			}
		}
		if known, err := db.KnowsSource(t.Context(), home); err != nil || !known {
			t.Errorf("%s: home is not known any more, %v", what, err)
		}
		if take(t, db, ben) == 0 {
			t.Errorf("%s: another account need not wait", what)
		}
	}
}
