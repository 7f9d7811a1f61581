package grants_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// verified is a store where something happens as soon as a password was verified,
// before anything is stored of what it earned.
type verified struct {
	*store.DB
	then func()
}

func (v *verified) SignedIn(ctx context.Context, a tenants.Attempt) error {
	v.then()
	return v.DB.SignedIn(ctx, a)
}

// Class C: who has verified a password has nothing of it once it is another's, or
// nobody's, or was cut off, however late that is stored.
func TestClassCWhatAnOldPasswordEarnedEndsWithIt(t *testing.T) {
	db := storetest.Open(t)
	sealer := keystest.Sealer()
	now := time.Now().UTC().Truncate(time.Second)
	clock := func() time.Time { return now }
	tenant := &tenants.Tenant{ID: "t", Slug: "acme", Name: "Acme", Issuer: "https://acme.example", Status: tenants.Active}
	pepper, err := keys.NewPepper(sealer, tenant.ID)
	must(t, err)
	must(t, db.CreateTenant(t.Context(), tenant, pepper, tenants.AuditEvent{}))
	must(t, db.CreateClient(t.Context(), &tenants.Client{
		TenantID: tenant.ID, ID: "app", Status: tenants.Active, AuthMethod: oauth.AuthNone, CreatedAt: now,
		GrantTypes: []string{oauth.GrantPassword, oauth.GrantRefreshToken},
	}, tenants.AuditEvent{}))
	hasher, err := passwords.NewHasher(1, passwords.DefaultCost())
	must(t, err)
	slot, err := hasher.Acquire(t.Context())
	must(t, err)
	old, err := slot.Hash("old password")
	must(t, err)
	slot.Release()

	watched := &verified{db, func() {}}
	directory, peppers := tenants.NewDirectory(db, 10), keys.NewPeppers(db, sealer)
	db.Subscribe(directory.Apply)
	signIn := grants.NewSignIn(directory, watched, hasher, 0, clock)
	sessions := grants.NewSessions(signIn, directory, db, peppers, clock)
	registry := grants.NewRegistry(grants.Password{SignIn: signIn}, grants.RefreshToken{Tokens: grants.NewRefreshTokens(db, directory, peppers, clock)})
	clients := grants.NewAuthenticator(directory, grants.NewThrottle(clock), clock, grants.PublicClient{})
	d := &desk{t: t, tenant: tenant, service: grants.NewService(registry, clients, directory, plain{}, grants.NewJournal(db), clock)}
	login := grants.Login{Tenant: tenant, Username: "ann", Password: "old password"}

	create := func() *tenants.User {
		u := &tenants.User{TenantID: tenant.ID, ID: "ann", Username: "ann", PasswordHash: old, Status: tenants.Active, CreatedAt: now}
		must(t, db.CreateUser(t.Context(), u, tenants.AuditEvent{}))
		return u
	}
	change := func(with func(*tenants.User)) func() {
		return func() {
			u, err := db.User(t.Context(), tenant.ID, "ann")
			must(t, err)
			with(u)
			must(t, db.UpdateUser(t.Context(), u, tenants.AuditEvent{}))
		}
	}
	remove := func() { must(t, db.DeleteUser(t.Context(), tenant.ID, "ann", 0, tenants.AuditEvent{})) }
	revoke := func(kind tenants.RevocationKind, key string) func() {
		return func() {
			must(t, db.Revoke(t.Context(), tenants.Revocation{TenantID: tenant.ID, Kind: kind, Key: key, NotBefore: now, ExpiresAt: now.Add(time.Hour)}, tenants.AuditEvent{}))
		}
	}
	for name, c := range map[string]struct {
		then           func()
		renews, visits bool
	}{
		"nothing happens":        {func() {}, true, true},
		"another change":         {change(func(u *tenants.User) { u.Name = "Ann" }), true, true},
		"a new password":         {change(func(u *tenants.User) { u.PasswordHash = "new" }), false, false},
		"the next of that id":    {func() { remove(); create() }, false, false},
		"its tokens revoked":     {revoke(tenants.RevokedUser, "ann"), false, false},
		"all tokens revoked":     {revoke(tenants.RevokedAll, ""), false, false},
		"its client's revoked":   {revoke(tenants.RevokedClient, "app"), false, true},
		"another user's revoked": {revoke(tenants.RevokedUser, "ben"), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			create()
			defer remove()
			once := func() { watched.then = func() {}; c.then() }
			watched.then = once
			answer, err := d.ask(oauth.Params{"grant_type": oauth.GrantPassword, "username": "ann", "password": "old password"})
			must(t, err)
			if _, err := d.refresh(answer.RefreshToken); (err == nil) != c.renews {
				t.Errorf("refreshing: %v", err)
			}
			if name == "a new password" {
				change(func(u *tenants.User) { u.PasswordHash = old })()
			}
			watched.then = once
			cookie, err := sessions.SignIn(t.Context(), login, "", "")
			if refused := (*oauth.Error)(nil); (err == nil) != c.visits || err != nil && !(errors.As(err, &refused) && refused.Code == oauth.InvalidGrant) {
				t.Fatalf("signing in: %v", err)
			}
			if _, err := sessions.Find(t.Context(), tenant, cookie); (err == nil) != c.visits {
				t.Errorf("the session: %v", err)
			}
		})
	}
}
