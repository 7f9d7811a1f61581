package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

const grace = 10 * time.Second

// startFamily stores a family of the user's whose first token has that hash.
func startFamily(t *testing.T, db *store.DB, tenantID, clientID, userID, hash string) tenants.RefreshFamily {
	t.Helper()
	f := tenants.RefreshFamily{
		ID: id(t), TenantID: tenantID, ClientID: clientID, UserID: userID, GrantType: "password", Audience: "api",
		Scopes: oauth.Scopes{"data"}, Claims: map[string]any{"auth_time": 1.0}, CreatedAt: instant, ExpiresAt: instant.Add(time.Hour),
	}
	event := issue(t, tenantID)
	must(t, db.RecordIssue(t.Context(), tenants.Issue{Audit: &event, Refresh: &tenants.RefreshStart{
		Family: f, Token: tenants.RefreshToken{TenantID: tenantID, Hash: []byte(hash), FamilyID: f.ID, CreatedAt: instant},
	}}))
	return f
}

func issue(t *testing.T, tenantID string) tenants.AuditEvent {
	t.Helper()
	return tenants.AuditEvent{ID: id(t), TenantID: tenantID, At: instant, Action: "token.issue"}
}

// use spends the token of that hash; its successor's hash is the candidate.
func use(t *testing.T, db *store.DB, tenantID, hash, candidate string, at time.Time) (sealed []byte, err error) {
	t.Helper()
	event, reuse := issue(t, tenantID), issue(t, tenantID)
	reuse.Action = "refresh_token.reuse"
	return db.SpendRefreshToken(t.Context(), tenants.RefreshUse{
		TenantID: tenantID, Hash: []byte(hash), At: at, Grace: grace, Issue: tenants.Issue{Audit: &event}, Reuse: reuse,
		Next: tenants.RefreshToken{Hash: []byte(candidate), CreatedAt: at, Sealed: []byte("sealed " + candidate)},
	})
}

// wantUse insists on what a use gets: empty for a successor of its own.
func wantUse(t *testing.T, db *store.DB, tenantID, hash, candidate string, at time.Time, want string) {
	t.Helper()
	sealed, err := use(t, db, tenantID, hash, candidate, at)
	if err != nil || string(sealed) != want {
		t.Errorf("%s at %v: got %q, %v, want %q", hash, at.Sub(instant), sealed, err, want)
	}
}

// actions counts the tenant's audit events.
func actions(t *testing.T, db *store.DB, tenantID string) map[string]int {
	t.Helper()
	events, err := db.AuditEvents(t.Context(), tenantID, admin.Range{}, time.Time{})
	must(t, err)
	count := map[string]int{}
	for _, e := range events {
		count[e.Action]++
	}
	return count
}

func TestRefreshTokenIsReadBackWithItsFamily(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	f := startFamily(t, db, acme.ID, "app", "ann", "one")
	found, err := db.RefreshToken(t.Context(), acme.ID, []byte("one"))
	must(t, err)
	f.CreatedAt, f.ExpiresAt = f.CreatedAt.UTC().Truncate(time.Microsecond), f.ExpiresAt.UTC().Truncate(time.Microsecond)
	if f.Epoch = found.Family.Epoch; f.Epoch < 1 {
		t.Errorf("the epoch is %d", f.Epoch)
	}
	if diff := cmp.Diff(f, found.Family); diff != "" {
		t.Error(diff)
	}
	if found.SpentAt != nil || found.Predecessor != nil || found.SuccessorSpent || found.CutOff || !found.Live(instant) {
		t.Errorf("a new token: %+v", found)
	}
	other := newTenant(t, db, "other")
	_, err = db.RefreshToken(t.Context(), other.ID, []byte("one"))
	wantErr(t, err, tenants.ErrNotFound)
	_, err = use(t, db, other.ID, "one", "x", instant)
	wantErr(t, err, tenants.ErrNotFound)
	wantUse(t, db, acme.ID, "one", "two", instant, "")
}

func TestRefreshTokenIsSucceededOnceAndSecondUseEndsTheFamily(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme").ID
	startFamily(t, db, tenant, "app", "ann", "one")
	wantUse(t, db, tenant, "one", "two", instant, "")
	wantUse(t, db, tenant, "one", "three", instant.Add(grace-time.Microsecond), "sealed two")
	_, err := db.RefreshToken(t.Context(), tenant, []byte("three"))
	wantErr(t, err, tenants.ErrNotFound)
	if got := actions(t, db, tenant); got["token.issue"] != 3 || got["refresh_token.reuse"] != 0 {
		t.Errorf("audited: %v", got)
	}

	wantUse(t, db, tenant, "two", "four", instant.Add(time.Second), "")
	found, err := db.RefreshToken(t.Context(), tenant, []byte("one"))
	must(t, err)
	if !found.SuccessorSpent || found.Sealed != nil || !found.Reused(instant, grace) {
		t.Errorf("after its successor's use: %+v", found)
	}
	for range 2 {
		_, err = use(t, db, tenant, "one", "five", instant.Add(2*time.Second))
		if !errors.Is(err, tenants.ErrReused) && !errors.Is(err, tenants.ErrNotFound) {
			t.Errorf("the second use: %v", err)
		}
	}
	for _, hash := range []string{"one", "two", "four"} {
		_, err = use(t, db, tenant, hash, "six", instant.Add(2*time.Second))
		wantErr(t, err, tenants.ErrNotFound)
	}
	if got := actions(t, db, tenant); got["token.issue"] != 4 || got["refresh_token.reuse"] != 1 {
		t.Errorf("audited: %v", got)
	}
	if found, err = db.RefreshToken(t.Context(), tenant, []byte("four")); err != nil || found.SpentAt != nil || found.Live(instant) {
		t.Errorf("what a refused use left: %+v, %v", found, err)
	}
}

func TestRefreshTokenIsReusedWhenTheGraceIsOver(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme").ID
	startFamily(t, db, tenant, "app", "ann", "one")
	wantUse(t, db, tenant, "one", "two", instant, "")
	_, err := use(t, db, tenant, "one", "three", instant.Add(grace))
	wantErr(t, err, tenants.ErrReused)
	_, err = use(t, db, tenant, "two", "four", instant.Add(grace))
	wantErr(t, err, tenants.ErrNotFound)
}

func TestRefreshTokenThatCouldNotBeUsedIsAsItWas(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme").ID
	startFamily(t, db, tenant, "app", "ann", "one")
	event := issue(t, tenant)
	must(t, db.Record(t.Context(), event))
	_, err := db.SpendRefreshToken(t.Context(), tenants.RefreshUse{
		TenantID: tenant, Hash: []byte("one"), At: instant, Grace: grace, Issue: tenants.Issue{Audit: &event}, // which is there already
		Next: tenants.RefreshToken{Hash: []byte("two"), CreatedAt: instant, Sealed: []byte("sealed")},
	})
	wantErr(t, err, tenants.ErrExists)
	_, err = db.RefreshToken(t.Context(), tenant, []byte("two"))
	wantErr(t, err, tenants.ErrNotFound)
	wantUse(t, db, tenant, "one", "three", instant.Add(2*grace), "")
}

func TestExpiredFamilyIsOver(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme").ID
	f := startFamily(t, db, tenant, "app", "ann", "one")
	_, err := use(t, db, tenant, "one", "two", f.ExpiresAt)
	wantErr(t, err, tenants.ErrNotFound)
	wantUse(t, db, tenant, "one", "two", f.ExpiresAt.Add(-time.Millisecond), "")
}

func TestFamilyIsRevokedOnce(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme").ID
	f := startFamily(t, db, tenant, "app", "ann", "one")
	other := f
	other.TenantID = newTenant(t, db, "other").ID
	must(t, db.RevokeRefreshFamily(t.Context(), &other, issue(t, other.TenantID)))
	if found, err := db.RefreshToken(t.Context(), tenant, []byte("one")); err != nil || !found.Live(instant) {
		t.Fatalf("revoked by another tenant: %+v, %v", found, err)
	}
	revoke := issue(t, tenant)
	revoke.Action = "refresh_token.revoke"
	must(t, db.RevokeRefreshFamily(t.Context(), &f, revoke))
	revoke.ID = id(t)
	must(t, db.RevokeRefreshFamily(t.Context(), &f, revoke))
	if got := actions(t, db, tenant)["refresh_token.revoke"]; got != 1 {
		t.Errorf("audited %d times", got)
	}
	access, err := db.Revocations(t.Context(), tenant)
	must(t, err)
	if len(access) != 1 || access[0].Kind != tenants.RevokedGrant || access[0].Key != f.ID || access[0].ExpiresAt.Before(instant.Add(oauth.MaxTokenLife)) {
		t.Errorf("of the access tokens is revoked: %+v", access)
	}
	_, err = use(t, db, tenant, "one", "two", instant)
	wantErr(t, err, tenants.ErrNotFound)
}

// What is deleted and made again under the same id has nothing of what was.
func TestFamiliesEndWithTheirClientAndTheirUser(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme").ID
	furnish := func() {
		createClient(t, db, tenant, "app")
		ann := newUser(t, tenant, "ann")
		ann.ID = "ann"
		must(t, db.CreateUser(t.Context(), ann, audit("user.create")))
	}
	furnish()
	createClient(t, db, tenant, "other")
	startFamily(t, db, tenant, "app", "ann", "app ann")
	startFamily(t, db, tenant, "app", "ben", "app ben")
	startFamily(t, db, tenant, "other", "ann", "other ann")
	live := func(want ...string) {
		t.Helper()
		var got []string
		for _, hash := range []string{"app ann", "app ben", "other ann", "app ann again"} {
			if found, err := db.RefreshToken(t.Context(), tenant, []byte(hash)); err == nil && found.Live(instant) {
				got = append(got, hash)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("alive are %q, want %q", got, want)
		}
	}
	live("app ann", "app ben", "other ann")
	must(t, db.DeleteUser(t.Context(), tenant, "ann", 0, audit("user.delete")))
	live("app ben")
	_, err := use(t, db, tenant, "app ann", "x", instant)
	wantErr(t, err, tenants.ErrNotFound)
	must(t, db.DeleteClient(t.Context(), tenant, "app", 0, audit("client.delete")))
	live()
	furnish()
	live()
	startFamily(t, db, tenant, "app", "ann", "app ann again")
	live("app ann again")
}

func TestFamiliesEndWithTheirUsersPassword(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme").ID
	ann := createUser(t, db, tenant, "ann")
	startFamily(t, db, tenant, "app", ann.ID, "one")
	ann.Email = "ann@acme.example"
	must(t, db.UpdateUser(t.Context(), ann, audit("user.update")))
	must(t, db.RehashPassword(t.Context(), tenant, ann.ID, "", "the same, hashed better"))
	if found, err := db.RefreshToken(t.Context(), tenant, []byte("one")); err != nil || !found.Live(instant) {
		t.Fatalf("ended by another change: %+v, %v", found, err)
	}
	ann.PasswordHash = "another"
	must(t, db.UpdateUser(t.Context(), ann, audit("user.update")))
	if found, err := db.RefreshToken(t.Context(), tenant, []byte("one")); err != nil || found.Live(instant) {
		t.Errorf("alive after a new password: %+v, %v", found, err)
	}
}

// Class D: one row, and the same successor for everybody.
func TestClassDRefreshTokenHasOneSuccessorOnTwoNodes(t *testing.T) {
	a, b := storetest.OpenPair(t)
	tenant := newTenant(t, a, "acme").ID
	const at = 32
	rounds := 10
	if storetest.IsPostgres() {
		rounds = 50
	}
	for round := range rounds {
		token := fmt.Sprint("token ", round)
		startFamily(t, a, tenant, "app", "ann", token)
		got, errs := make([]string, at), make([]error, at)
		start := make(chan struct{})
		var wait sync.WaitGroup
		for i := range at {
			wait.Go(func() {
				<-start
				candidate := fmt.Sprint("successor ", round, " ", i)
				sealed, err := use(t, []*store.DB{a, b}[i%2], tenant, token, candidate, instant)
				if got[i], errs[i] = string(sealed), err; sealed == nil {
					got[i] = "sealed " + candidate
				}
			})
		}
		close(start)
		wait.Wait()
		for i := range at {
			if errs[i] != nil || got[i] != got[0] {
				t.Fatalf("round %d: %q, %v; the first has %q", round, got[i], errs[i], got[0])
			}
		}
		var rows int
		must(t, a.Pool().QueryRowContext(t.Context(), "SELECT count(*) FROM refresh_tokens WHERE predecessor IS NOT NULL").Scan(&rows))
		if rows != round+1 {
			t.Fatalf("round %d: %d successors", round, rows)
		}
	}
}

func TestRefreshTokensArePurgedWhenTheirFamilyIsOver(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme").ID
	createClient(t, db, tenant, "app")
	createClient(t, db, tenant, "gone")
	f := startFamily(t, db, tenant, "app", "ann", "one")
	wantUse(t, db, tenant, "one", "two", instant, "")
	count := func(table string) (n int) {
		t.Helper()
		must(t, db.Pool().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		return n
	}
	purge := func(before time.Time, families int64, tokens, cutoffs int) {
		t.Helper()
		n, err := db.PurgeRefreshTokens(t.Context(), before)
		must(t, err)
		if n != families || count("refresh_tokens") != tokens || count("refresh_cutoffs") != cutoffs {
			t.Errorf("purged %d families, %d tokens and %d cut-offs are left", n, count("refresh_tokens"), count("refresh_cutoffs"))
		}
	}
	purge(f.ExpiresAt, 0, 2, 0) // used ones are remembered as long as their family lives
	for i := range 120 {
		startFamily(t, db, tenant, "gone", "ann", fmt.Sprint("gone ", i))
	}
	must(t, db.DeleteClient(t.Context(), tenant, "gone", 0, audit("client.delete")))
	purge(instant, 120, 2, 1)
	purge(time.Now().Add(time.Hour), 1, 0, 0)

	for _, userID := range []string{"ann", "ben"} {
		startFamily(t, db, tenant, "app", userID, userID)
	}
	of := tenants.Revocation{TenantID: tenant, Kind: tenants.RevokedUser, Key: "ann", NotBefore: instant, ExpiresAt: instant}
	must(t, db.Revoke(t.Context(), of, audit("tokens.revoke")))
	purge(instant, 1, 1, 1)
	must(t, db.DeleteTenant(t.Context(), tenant, 0, audit("tenant.delete")))
	purge(instant, 1, 0, 2)
}

// What renews itself without refresh tokens is a family as well, and nothing is given
// out in one that has ended, with its session too.
func TestNothingIsRenewedInAFamilyThatHasEnded(t *testing.T) {
	db, acme, other := twoTenants(t)
	start := func(sessionID string) string {
		f := tenants.RefreshFamily{
			ID: id(t), TenantID: acme, ClientID: "tv", UserID: "ann", GrantType: "password", SessionID: sessionID, CreatedAt: instant, ExpiresAt: instant.Add(time.Hour),
		}
		must(t, db.RecordIssue(t.Context(), tenants.Issue{Refresh: &tenants.RefreshStart{Family: f}}))
		return f.ID
	}
	renew := func(tenantID, familyID string, at time.Time) error {
		event := issue(t, tenantID)
		return db.RenewInFamily(t.Context(), tenantID, familyID, at, tenants.Issue{Audit: &event})
	}
	session := newSession(t, db, acme, "ann", "cookie", nil)
	plain, born := start(""), start(session.ID)
	must(t, renew(acme, plain, instant))
	must(t, renew(acme, born, instant))
	wantNotFound(t, "of another tenant", renew(other, plain, instant))
	wantNotFound(t, "expired", renew(acme, plain, instant.Add(time.Hour)))
	must(t, db.LeaveSession(t.Context(), acme, "ann", session.ID, event(t, acme, "x")))
	wantNotFound(t, "after the session", renew(acme, born, instant))
	must(t, renew(acme, plain, instant))
	must(t, db.Revoke(t.Context(), tenants.Revocation{TenantID: acme, Kind: tenants.RevokedUser, Key: "ann", NotBefore: instant, ExpiresAt: instant}, event(t, acme, "x")))
	wantNotFound(t, "after a revocation", renew(acme, plain, instant))
}
