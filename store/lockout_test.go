package store_test

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// A source that has guessed waits at least twice as long as all others, and longer
// with each further guess that it uses up.
func TestWhoGuessedWaitsForLongerThanOthers(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	a := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "192.0.2.1", At: instant}
	fail(t, db, a)
	for _, turn := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 240, 240} {
		if wait := take(t, db, a); wait != turn*time.Minute {
			t.Errorf("waits %v, want %v min", wait, int64(turn))
		}
		a.At = a.At.Add(turn * time.Minute)
		if wait := take(t, db, a); wait != 0 {
			t.Errorf("at its end: %v", wait)
		}
	}
	a.At = a.At.Add(tenants.FailuresForgotten + time.Microsecond)
	fail(t, db, a)
	if wait := take(t, db, a); wait != time.Minute {
		t.Errorf("a day later it waits %v", wait)
	}
}

// However long somebody has guessed for without a break, whoever comes from
// elsewhere waits for one block at most.
func TestOnePollingSourceKeepsNobodyOut(t *testing.T) {
	for _, siege := range []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 9 * time.Hour} {
		db := storetest.Open(t)
		acme := newTenant(t, db, "acme")
		attacker := tenants.Attempt{TenantID: acme.ID, Account: "ann", Source: "192.0.2.1", At: instant}
		for range tenants.AttemptsAllowed {
			take(t, db, attacker)
		}
		poll := max(15*time.Second, siege/240)
		for ; attacker.At.Sub(instant) < siege; attacker.At = attacker.At.Add(poll) {
			take(t, db, attacker)
		}
		waited, ann := time.Duration(0), attacker
		for ann.Source = "198.51.100.7"; take(t, db, ann) > 0; waited += poll {
			attacker.At = attacker.At.Add(poll)
			take(t, db, attacker)
			if ann.At = attacker.At; waited > 24*time.Hour {
				t.Fatalf("after %v of guesses ann never gets in", siege)
			}
		}
		if waited > tenants.LongestBlock {
			t.Errorf("after %v of guesses ann waits %v", siege, waited)
		}
		must(t, db.SignedIn(t.Context(), ann))
		if take(t, db, ann) != 0 {
			t.Error("ann waits after she has signed in")
		}
		if attempts := count(t, db, "sign_in_attempts"); attempts > 3 {
			t.Errorf("%d rows are left", attempts)
		}
	}
}

func count(t *testing.T, db *store.DB, table string) (n int) {
	t.Helper()
	must(t, db.Pool().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
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
