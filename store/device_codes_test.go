package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// newDevice stores a request of the client tv with those codes.
func newDevice(t *testing.T, db *store.DB, tenantID, code, userCode string) *tenants.DeviceCode {
	t.Helper()
	d := &tenants.DeviceCode{
		ID: id(t), TenantID: tenantID, ClientID: "tv", Hash: []byte(code), UserCodeHash: []byte(userCode), Status: tenants.DevicePending, Scopes: oauth.Scopes{},
		Wait: 5, CreatedAt: instant, ExpiresAt: instant.Add(tenants.DeviceCodeLife),
	}
	must(t, db.CreateDeviceCode(t.Context(), d))
	return d
}

func decide(t *testing.T, db *store.DB, s *tenants.Session, id string, status tenants.DeviceStatus, at time.Time) error {
	t.Helper()
	return db.DecideDevice(t.Context(), s, id, status, at, event(t, s.TenantID, "device.decide"))
}

// Class G and L: a request is its tenant's and its client's, and the session's
// that has entered its user code.
func TestClassGDeviceCodesStayInTheirTenant(t *testing.T) {
	db, acme, other := twoTenants(t)
	ctx := t.Context()
	d, elsewhere := newDevice(t, db, acme, "code", "user"), newDevice(t, db, other, "another", "typed")
	poll := func(tenantID, clientID, code string) error {
		_, _, err := db.PollDevice(ctx, tenantID, clientID, []byte(code), instant)
		return err
	}
	must(t, poll(acme, "tv", "code"))
	wantNotFound(t, "polled at another tenant", poll(other, "tv", "code"))
	wantNotFound(t, "polled by another client", poll(acme, "radio", "code"))
	wantNotFound(t, "polled with the user code", poll(acme, "tv", "user"))
	ann, bob := newSession(t, db, acme, "ann", "1", nil), newSession(t, db, acme, "bob", "2", nil)
	again, foreign := newSession(t, db, acme, "ann", "3", nil), newSession(t, db, other, "ann", "4", nil)
	enter := func(s *tenants.Session, typed string, at time.Time) error {
		_, err := db.EnterUserCode(ctx, s, []byte(typed), at)
		return err
	}
	wantNotFound(t, "entered at another tenant", enter(foreign, "user", instant))
	wantNotFound(t, "entered after its end", enter(ann, "user", instant.Add(tenants.DeviceCodeLife)))
	must(t, enter(ann, "user", instant))
	wantNotFound(t, "entered by another user", enter(bob, "user", instant))
	must(t, enter(foreign, "typed", instant))

	for what, s := range map[string]*tenants.Session{
		"in another session of the user's": again, "by another user": bob, "at another tenant": foreign,
		"in a session of that id of another tenant": {TenantID: other, ID: ann.ID, UserID: "ann"},
		"in a session of that id of another user":   {TenantID: acme, ID: ann.ID, UserID: "bob"},
	} {
		wantNotFound(t, "decided "+what, decide(t, db, s, d.ID, tenants.DeviceApproved, instant))
	}
	wantNotFound(t, "decided by the other tenant's session", decide(t, db, ann, elsewhere.ID, tenants.DeviceApproved, instant))
	wantNotFound(t, "decided after its end", decide(t, db, ann, d.ID, tenants.DeviceApproved, instant.Add(tenants.DeviceCodeLife)))
	spend := func(tenantID string) error { return db.SpendDeviceCode(ctx, tenantID, d.ID, tenants.Issue{}) }
	wantNotFound(t, "spent before it was approved", spend(acme))
	must(t, decide(t, db, ann, d.ID, tenants.DeviceApproved, instant))
	for _, status := range []tenants.DeviceStatus{tenants.DeviceApproved, tenants.DeviceDenied} {
		wantNotFound(t, "decided again", decide(t, db, ann, d.ID, status, instant))
	}
	wantNotFound(t, "entered when decided", enter(ann, "user", instant))
	wantNotFound(t, "spent at another tenant", spend(other))
	must(t, spend(acme))
	wantNotFound(t, "spent again", spend(acme))
}

func TestADeniedDeviceGetsNothing(t *testing.T) {
	db, acme, _ := twoTenants(t)
	d, ann := newDevice(t, db, acme, "code", "user"), newSession(t, db, acme, "ann", "1", nil)
	_, err := db.EnterUserCode(t.Context(), ann, d.UserCodeHash, instant)
	must(t, err)
	must(t, decide(t, db, ann, d.ID, tenants.DeviceDenied, instant))
	wantNotFound(t, "spent", db.SpendDeviceCode(t.Context(), acme, d.ID, tenants.Issue{}))
}

func TestUserCodesAreTakenPerTenant(t *testing.T) {
	db, acme, other := twoTenants(t)
	newDevice(t, db, acme, "1", "user")
	newDevice(t, db, other, "2", "user")
	again := &tenants.DeviceCode{ID: id(t), TenantID: acme, ClientID: "tv", Hash: []byte("3"), UserCodeHash: []byte("user"), Status: tenants.DevicePending, Scopes: oauth.Scopes{}, ExpiresAt: instant}
	if err := db.CreateDeviceCode(t.Context(), again); !errors.Is(err, tenants.ErrExists) {
		t.Errorf("a user code that is taken: %v", err)
	}
}

// Polls of a request that is pending and no other are held to the interval.
func TestPollsThatComeTooEarlyWaitLonger(t *testing.T) {
	db, acme, _ := twoTenants(t)
	newDevice(t, db, acme, "code", "user")
	for i, c := range []struct {
		at    time.Duration
		early bool
		wait  int
	}{
		{0, false, 5},
		{5 * time.Second, false, 5},
		{9999 * time.Millisecond, true, 10},
		{19998 * time.Millisecond, true, 15},
		{34998 * time.Millisecond, false, 15},
		{tenants.DeviceCodeLife, false, 15},
		{tenants.DeviceCodeLife + 1, false, 15},
	} {
		d, early, err := db.PollDevice(t.Context(), acme, "tv", []byte("code"), instant.Add(c.at))
		if err != nil || early != c.early || d.Wait != c.wait {
			t.Errorf("poll %d: early %v, %+v, %v", i, early, d, err)
		}
	}
}

// Class L: of any number of guesses at once, of a session or an address, few are
// looked at; those that were right are not counted, and other tenants' neither.
func TestClassLGuessesAreCountedBeforehand(t *testing.T) {
	db, acme, other := twoTenants(t)
	take := func(tenantID string, at time.Time, sources ...string) time.Duration {
		wait, err := db.TakeGuess(t.Context(), tenantID, sources, at)
		must(t, err)
		return wait
	}
	for range 3 * tenants.DeviceGuesses {
		if take(acme, instant, "address:1", "session:1") != 0 {
			t.Fatal("a right code was counted as wrong")
		}
		must(t, db.GuessedRight(t.Context(), acme, []string{"address:1", "session:1"}))
	}
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if wait, err := db.TakeGuess(t.Context(), acme, []string{"address:1", "session:1"}, instant); err != nil {
				t.Error(err)
			} else if wait == 0 {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	if taken.Load() != tenants.DeviceGuesses {
		t.Errorf("%d guesses were looked at", taken.Load())
	}
	for _, sources := range [][]string{{"address:1", "session:2"}, {"address:2", "session:1"}} {
		if wait := take(acme, instant.Add(time.Minute), sources...); wait != tenants.DeviceGuessesAfter-time.Minute {
			t.Errorf("%v waits %v", sources, wait)
		}
	}
	if take(acme, instant, "address:3", "session:3") != 0 || take(other, instant, "address:1", "session:1") != 0 {
		t.Error("others wait")
	}
	if wait := take(acme, instant.Add(tenants.DeviceGuessesAfter), "address:1", "session:1"); wait != 0 {
		t.Errorf("after the wait: %v", wait)
	}
}

// Whoever ends a session, or what a user, a client or everybody has, ends what has
// been let in so far, too; who signs out does not.
func TestEndedSessionsTakeTheirApprovalsAlong(t *testing.T) {
	db, acme, other := twoTenants(t)
	ctx := t.Context()
	var s *tenants.Session
	let := func(tenantID, user, code string, status tenants.DeviceStatus) (d *tenants.DeviceCode) {
		s, d = newSession(t, db, tenantID, user, code, nil), newDevice(t, db, tenantID, code, code)
		_, err := db.EnterUserCode(ctx, s, d.UserCodeHash, instant)
		must(t, err)
		if status != tenants.DevicePending {
			must(t, decide(t, db, s, d.ID, status, instant))
		}
		return d
	}
	entered, approved := let(acme, "ann", "1", tenants.DevicePending), let(acme, "ann", "2", tenants.DeviceApproved)
	others := []*tenants.DeviceCode{let(acme, "bob", "3", tenants.DeviceApproved), let(other, "ann", "4", tenants.DeviceApproved)}
	must(t, db.DeleteSessions(ctx, acme, "ann", event(t, acme, "x")))
	for _, d := range []*tenants.DeviceCode{entered, approved} {
		got, _, err := db.PollDevice(ctx, d.TenantID, "tv", d.Hash, instant)
		if err != nil || got.Status != tenants.DeviceDenied {
			t.Errorf("%s: %+v, %v", d.Hash, got, err)
		}
	}
	revoke := func(kind tenants.RevocationKind, key string) func() error {
		return func() error {
			return db.Revoke(ctx, tenants.Revocation{TenantID: acme, Kind: kind, Key: key, NotBefore: instant, ExpiresAt: instant}, event(t, acme, "x"))
		}
	}
	for i, c := range []struct {
		end  func() error
		want tenants.DeviceStatus
	}{
		{func() error { return db.LeaveSession(ctx, acme, "ann", s.ID, event(t, acme, "x")) }, tenants.DeviceApproved},
		{func() error { return db.DeleteSession(ctx, acme, "ann", s.ID, event(t, acme, "x")) }, tenants.DeviceDenied},
		{revoke(tenants.RevokedUser, "ann"), tenants.DeviceDenied},
		{revoke(tenants.RevokedClient, "tv"), tenants.DeviceDenied},
		{revoke(tenants.RevokedAll, ""), tenants.DeviceDenied},
		{revoke(tenants.RevokedUser, "eve"), tenants.DeviceApproved},
		{revoke(tenants.RevokedClient, "radio"), tenants.DeviceApproved},
		{revoke(tenants.RevokedToken, "jti"), tenants.DeviceApproved},
	} {
		d := let(acme, "ann", fmt.Sprint("again ", i), tenants.DeviceApproved)
		must(t, c.end())
		if got, _, err := db.PollDevice(ctx, acme, "tv", d.Hash, instant); err != nil || got.Status != c.want {
			t.Errorf("ending %d: %+v, %v, want it %s", i, got, err, c.want)
		}
	}
	others[0] = let(acme, "bob", "5", tenants.DeviceApproved)
	for _, d := range others {
		must(t, db.SpendDeviceCode(ctx, d.TenantID, d.ID, tenants.Issue{}))
	}
}
