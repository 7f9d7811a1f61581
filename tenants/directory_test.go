package tenants_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// desk is a store, and a Directory that hears of each change.
type desk struct {
	t      *testing.T
	db     *store.DB
	dir    *tenants.Directory
	tenant string
	other  string
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, db: storetest.Open(t), tenant: "t1", other: "t2"}
	d.dir = tenants.NewDirectory(d.db, 100)
	for _, id := range []string{d.tenant, d.other} {
		d.must(d.db.CreateTenant(t.Context(), &tenants.Tenant{ID: id, Slug: id, Issuer: id, Status: tenants.Active}, keys.SealedPepper{Sealed: []byte("x")}, d.event()))
	}
	d.db.Subscribe(d.dir.Apply)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) event() tenants.AuditEvent { return tenants.AuditEvent{Actor: "test", Action: "test"} }

// user returns a user as the Directory has it, warm: asking again makes no query.
func (d *desk) user(id string) *tenants.User {
	d.t.Helper()
	u, err := d.dir.User(d.t.Context(), d.tenant, id)
	d.must(err)
	before := d.db.Queries()
	if _, err := d.dir.User(d.t.Context(), d.tenant, id); err != nil || d.db.Queries() != before {
		d.t.Errorf("asking again: %v, %d queries", err, d.db.Queries()-before)
	}
	return u
}

func (d *desk) client(id string) *tenants.Client {
	d.t.Helper()
	c, err := d.dir.Client(d.t.Context(), d.tenant, id)
	d.must(err)
	return c
}

func TestDirectoryForgetsUsersWhenTheyOrTheirGroupsChange(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	group := &tenants.Group{TenantID: d.tenant, ID: "g", Name: "staff", Permissions: []string{"read"}}
	d.must(d.db.CreateGroup(ctx, group, d.event()))
	staff := []tenants.Membership{{GroupID: group.ID, Version: group.Version}}
	ann := &tenants.User{TenantID: d.tenant, ID: "ann", Username: "ann", Status: tenants.Active, Memberships: staff}
	if _, err := d.dir.User(ctx, d.tenant, "ann"); !errors.Is(err, tenants.ErrNotFound) {
		t.Error(err)
	}
	d.must(d.db.CreateUser(ctx, ann, d.event()))
	d.must(d.db.CreateClient(ctx, &tenants.Client{TenantID: d.tenant, ID: "erp", Status: tenants.Active}, d.event()))
	if !d.user("ann").May("read") || d.user("oauth_erp").May("read") || d.client("erp").May("read") {
		t.Error("permissions differ from what was stored")
	}
	if _, err := d.dir.User(ctx, d.other, "ann"); !errors.Is(err, tenants.ErrNotFound) {
		t.Errorf("the other tenant's ann: %v", err)
	}

	account := *d.user("oauth_erp")
	account.Memberships = staff
	d.must(d.db.UpdateUser(ctx, &account, d.event()))
	if !d.user("oauth_erp").May("read") || !d.client("erp").May("read") {
		t.Error("the client is not told that its service account joined a group")
	}
	group.Permissions = []string{"write"}
	d.must(d.db.UpdateGroup(ctx, group, d.event()))
	if d.user("ann").May("read") || !d.user("ann").May("write") || !d.client("erp").May("write") {
		t.Error("members are not told that their group changed")
	}
	changed := *d.client("erp")
	changed.Permissions = []string{"own"}
	d.must(d.db.UpdateClient(ctx, &changed, d.event()))
	if !d.user("oauth_erp").May("own") || !d.client("erp").May("own") {
		t.Error("the service account is not told that its client changed")
	}
	d.must(d.db.DeleteGroup(ctx, d.tenant, "g", 0, d.event()))
	if d.user("ann").May("write") || d.client("erp").May("write") {
		t.Error("members are not told that their group is gone")
	}
	disabled := *d.user("ann")
	disabled.Status, disabled.Permissions = tenants.Disabled, []string{"own"}
	d.must(d.db.UpdateUser(ctx, &disabled, d.event()))
	if d.user("ann").Status != tenants.Disabled || d.user("ann").May("own") {
		t.Error("the user is not told that it is disabled")
	}
	d.must(d.db.DeleteClient(ctx, d.tenant, "erp", 0, d.event()))
	d.must(d.db.DeleteUser(ctx, d.tenant, "ann", 0, d.event()))
	for _, id := range []string{"ann", "oauth_erp"} {
		if _, err := d.dir.User(ctx, d.tenant, id); !errors.Is(err, tenants.ErrNotFound) {
			t.Errorf("%s is there still: %v", id, err)
		}
	}
}

func TestDirectoryForgetsAPIKeys(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	d.must(d.db.CreateUser(ctx, &tenants.User{TenantID: d.tenant, ID: "ann", Username: "ann", Status: tenants.Active}, d.event()))
	find := func(tenantID string) (*tenants.APIKey, error) { return d.dir.APIKey(ctx, tenantID, []byte("hash")) }
	for _, tenantID := range []string{d.tenant, d.other} {
		if _, err := find(tenantID); !errors.Is(err, tenants.ErrNotFound) {
			t.Error(err)
		}
	}
	key := &tenants.APIKey{ID: "k", TenantID: d.tenant, UserID: "ann", Name: "CI", Hash: []byte("hash")}
	d.must(d.db.CreateAPIKey(ctx, key, d.event()))
	if found, err := find(d.tenant); err != nil || found.Name != "CI" {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := find(d.other); !errors.Is(err, tenants.ErrNotFound) {
		t.Errorf("the other tenant has the key: %v", err)
	}
	key.Name = "New"
	d.must(d.db.UpdateAPIKey(ctx, key, d.event()))
	if found, err := find(d.tenant); err != nil || found.Name != "New" {
		t.Errorf("%v, %v", found, err)
	}
	d.must(d.db.DeleteAPIKey(ctx, key, d.event()))
	if _, err := find(d.tenant); !errors.Is(err, tenants.ErrNotFound) {
		t.Errorf("the key is there still: %v", err)
	}
}

func TestLoginIsAlwaysLookedUp(t *testing.T) {
	d := newDesk(t)
	for i := range 3 {
		before := d.db.Queries()
		if _, err := d.dir.UserByLogin(t.Context(), d.tenant, fmt.Sprint("guess", i%2)); !errors.Is(err, tenants.ErrNotFound) {
			t.Error(err)
		}
		if d.db.Queries() == before {
			t.Error("guessed names are kept in memory")
		}
	}
}

// Audiences that strangers make up take no room from those that there are.
func TestGuessedAudiencesPushOutNone(t *testing.T) {
	d := newDesk(t)
	d.dir = tenants.NewDirectory(d.db, 2)
	d.db.Subscribe(d.dir.Apply)
	const real = "https://api.example"
	if found, err := d.dir.ByAudience(t.Context(), real); err != nil || len(found) != 0 {
		t.Fatal(found, err)
	}
	d.must(d.db.CreateAPI(t.Context(), &tenants.API{TenantID: d.tenant, Identifier: real, SharedHost: true}, d.event()))
	ask := func(audience string) int {
		found, err := d.dir.ByAudience(t.Context(), audience)
		d.must(err)
		return len(found)
	}
	if ask(real) != 1 {
		t.Error("a new API is not found where it was asked for before")
	}
	for i := range 5 {
		ask(fmt.Sprint("guess", i))
	}
	before := d.db.Queries()
	if ask(real) != 1 || d.db.Queries() != before {
		t.Error("guesses pushed out a real audience")
	}
}

// Who has a client of some client_id is remembered, that nobody has it, too, until
// that changes: also when a client comes with its tenant's dialect.
func TestDirectoryKnowsWhoHasAClient(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	wantHolders := func(clientID string, want ...tenants.ClientHolder) {
		t.Helper()
		for range 2 {
			got, err := d.dir.ClientHolders(ctx, clientID)
			if err != nil || len(got) != len(want) || len(want) > 0 && !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v; %v", clientID, got, want, err)
			}
		}
		before := d.db.Queries()
		if _, err := d.dir.ClientHolders(ctx, clientID); err != nil || d.db.Queries() != before {
			t.Errorf("%s, asked again: %d queries, %v", clientID, d.db.Queries()-before, err)
		}
	}
	wantHolders("erp")
	wantHolders("speech")
	d.must(d.db.CreateClient(ctx, &tenants.Client{TenantID: d.tenant, ID: "erp"}, d.event()))
	wantHolders("erp", tenants.ClientHolder{TenantID: d.tenant})
	other, err := d.dir.ByID(ctx, d.other)
	d.must(err)
	changed := *other
	standIn := &tenants.Client{TenantID: d.other, ID: "speech", AuthMethod: oauth.AuthDialect}
	d.must(d.db.UpdateTenant(ctx, &changed, d.event(), standIn))
	wantHolders("speech", tenants.ClientHolder{TenantID: d.other, StandIn: true})
	d.must(d.db.DeleteClient(ctx, d.tenant, "erp", 0, d.event()))
	wantHolders("erp")
	d.must(d.db.DeleteTenant(ctx, d.other, 0, d.event()))
	wantHolders("speech")
}
