package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// twoTenants are two tenants that each have a user and a client of the same ids.
func twoTenants(t *testing.T) (db *store.DB, acme, other string) {
	t.Helper()
	db = storetest.Open(t)
	for _, slug := range []string{"acme", "other"} {
		tenant := newTenant(t, db, slug)
		for _, name := range []string{"ann", "bob"} {
			must(t, db.CreateUser(t.Context(), &tenants.User{TenantID: tenant.ID, ID: name, Username: name, Status: tenants.Active}, audit("user.create")))
		}
		for _, client := range []string{"tv", "radio"} {
			must(t, db.CreateClient(t.Context(), &tenants.Client{TenantID: tenant.ID, ID: client, Status: tenants.Active}, audit("client.create")))
		}
		acme, other = other, tenant.ID
	}
	return db, acme, other
}

func event(t *testing.T, tenantID, action string) tenants.AuditEvent {
	t.Helper()
	return tenants.AuditEvent{ID: id(t), TenantID: tenantID, At: instant, Actor: "user:ann", Action: action}
}

func newSession(t *testing.T, db *store.DB, tenantID, userID, hash string, replaced []byte) *tenants.Session {
	t.Helper()
	user, err := db.UserByLogin(t.Context(), tenantID, userID)
	must(t, err)
	s := &tenants.Session{
		ID: id(t), TenantID: tenantID, UserID: userID, Hash: []byte(hash), CreatedAt: instant, SeenAt: instant, ExpiresAt: instant.Add(tenants.SessionLife), Epoch: user.Epoch,
	}
	must(t, db.CreateSession(t.Context(), s, replaced, event(t, tenantID, "session.create")))
	return s
}

func wantNotFound(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, tenants.ErrNotFound) {
		t.Errorf("%s: %v", what, err)
	}
}

func isThere(t *testing.T, db *store.DB, s *tenants.Session) bool {
	t.Helper()
	found, err := db.SessionByHash(t.Context(), s.TenantID, s.Hash)
	if errors.Is(err, tenants.ErrNotFound) {
		return false
	}
	must(t, err)
	return found.ID == s.ID
}

// Class G: a session is its tenant's and its user's, whatever ids and hashes are
// the same elsewhere.
func TestClassGSessionsStayInTheirTenant(t *testing.T) {
	db, acme, other := twoTenants(t)
	ann, bob := newSession(t, db, acme, "ann", "1", nil), newSession(t, db, acme, "bob", "2", nil)
	annElsewhere := newSession(t, db, other, "ann", "3", nil)
	ctx := t.Context()
	_, err := db.SessionByHash(ctx, other, ann.Hash)
	wantNotFound(t, "by its hash at another tenant", err)
	wantNotFound(t, "ended at another tenant", db.DeleteSession(ctx, other, "ann", ann.ID, event(t, acme, "x")))
	wantNotFound(t, "ended as another user's", db.DeleteSession(ctx, acme, "bob", ann.ID, event(t, acme, "x")))
	must(t, db.SeeSession(ctx, other, ann.ID, instant.Add(time.Hour)))
	if found, err := db.SessionByHash(ctx, acme, ann.Hash); err != nil || !found.SeenAt.Equal(instant.Truncate(time.Microsecond)) {
		t.Errorf("seen at another tenant: %v, %v", found, err)
	}
	newSession(t, db, other, "ann", "4", ann.Hash)
	list, err := db.Sessions(ctx, acme, "ann", instant, admin.Range{Limit: 10})
	must(t, err)
	if len(list) != 1 || list[0].ID != ann.ID {
		t.Errorf("ann's sessions: %v", list)
	}
	must(t, db.DeleteSessions(ctx, acme, "ann", event(t, acme, "x")))
	if isThere(t, db, ann) || !isThere(t, db, bob) || !isThere(t, db, annElsewhere) {
		t.Error("all of ann's sessions, and no others, were to end")
	}
}

func TestASessionTakesThePlaceOfTheOneBefore(t *testing.T) {
	db, acme, _ := twoTenants(t)
	first, beside := newSession(t, db, acme, "ann", "1", nil), newSession(t, db, acme, "ann", "2", nil)
	second := newSession(t, db, acme, "bob", "3", first.Hash)
	if isThere(t, db, first) || !isThere(t, db, beside) || !isThere(t, db, second) {
		t.Error("the session of the old cookie, and no other, was to end")
	}
}

func TestSessionsAreSeenForwardsOnly(t *testing.T) {
	db, acme, _ := twoTenants(t)
	s := newSession(t, db, acme, "ann", "1", nil)
	for _, at := range []time.Time{instant.Add(time.Hour), instant.Add(time.Minute)} { // the second of a node that is slow
		must(t, db.SeeSession(t.Context(), acme, s.ID, at))
	}
	if found, err := db.SessionByHash(t.Context(), acme, s.Hash); err != nil || !found.SeenAt.Equal(instant.Add(time.Hour).Truncate(time.Microsecond)) {
		t.Errorf("%v, %v", found, err)
	}
}

// Class C: a proof is good once, for a session that is still there, and what was
// given for it is recorded with it or not at all.
func TestClassCProofIsSpentOnce(t *testing.T) {
	db, acme, other := twoTenants(t)
	s, elsewhere := newSession(t, db, acme, "ann", "1", nil), newSession(t, db, other, "ann", "1", nil)
	spend := func(s *tenants.Session, proof string) error {
		event := issue(t, s.TenantID)
		return db.SpendProof(t.Context(), s, []byte(proof), instant.Add(time.Minute), tenants.Issue{Audit: &event})
	}
	issued := func() int {
		events, err := db.AuditEvents(t.Context(), acme, admin.Range{Limit: 100}, time.Time{})
		must(t, err)
		return len(slices.DeleteFunc(events, func(e tenants.AuditEvent) bool { return e.Action != "token.issue" }))
	}
	must(t, spend(s, "p"))
	wantNotFound(t, "spent again", spend(s, "p"))
	if n := issued(); n != 1 {
		t.Errorf("%d tokens are recorded", n)
	}
	must(t, spend(elsewhere, "p")) // another tenant's is another one
	must(t, db.DeleteSession(t.Context(), acme, "ann", s.ID, event(t, acme, "x")))
	wantNotFound(t, "after the session", spend(s, "q"))
	stolen := *elsewhere
	stolen.TenantID = acme
	wantNotFound(t, "with a session of another tenant", spend(&stolen, "r"))
	if n := issued(); n != 1 {
		t.Errorf("%d tokens are recorded", n)
	}
}

// What has no meaning any more is deleted, and nothing else: a spent proof is
// kept for as long as it could be taken anywhere.
func TestPurgeSessions(t *testing.T) {
	db, acme, _ := twoTenants(t)
	ctx := t.Context()
	s := newSession(t, db, acme, "ann", "1", nil)
	idle := newSession(t, db, acme, "ann", "2", nil)
	must(t, db.SeeSession(ctx, acme, s.ID, instant.Add(20*time.Hour)))
	spend := func() error {
		return db.SpendProof(ctx, s, []byte("p"), instant.Add(20*time.Hour), tenants.Issue{})
	}
	must(t, spend())
	purge := func(after time.Duration, want int64) {
		t.Helper()
		if n, err := db.PurgeSessions(ctx, instant.Add(after)); err != nil || n != want {
			t.Errorf("after %v: %d deleted, %v; want %d", after, n, err, want)
		}
	}
	purge(tenants.SessionIdle-time.Second, 0)
	purge(tenants.SessionIdle, 1)
	if isThere(t, db, idle) || !isThere(t, db, s) {
		t.Error("the idle session, and no other, was to go")
	}
	purge(20*time.Hour+59*time.Minute, 0)
	wantNotFound(t, "a spent proof", spend())
	purge(21*time.Hour, 1)
	purge(tenants.SessionLife, 1)
	if isThere(t, db, s) {
		t.Error("a session outlives its end")
	}
}

func TestSessionsThatHaveEndedAreNotListed(t *testing.T) {
	db, acme, _ := twoTenants(t)
	idle, used := newSession(t, db, acme, "ann", "1", nil), newSession(t, db, acme, "ann", "2", nil)
	must(t, db.SeeSession(t.Context(), acme, used.ID, instant.Add(20*time.Hour)))
	listed := func(after time.Duration) (ids []string) {
		list, err := db.Sessions(t.Context(), acme, "ann", instant.Add(after), admin.Range{Limit: 10})
		must(t, err)
		for _, s := range list {
			ids = append(ids, s.ID)
		}
		return ids
	}
	both := []string{idle.ID, used.ID}
	slices.Sort(both)
	for after, want := range map[time.Duration][]string{0: both, tenants.SessionIdle: {used.ID}, tenants.SessionLife: nil} {
		if got := listed(after); !slices.Equal(got, want) {
			t.Errorf("after %v: %v, want %v", after, got, want)
		}
	}
}
