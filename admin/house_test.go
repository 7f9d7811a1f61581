package admin_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/fetch"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// house is the use cases on a real store, with a clock that only tests move.
type house struct {
	*admin.Service
	t       *testing.T
	db      *store.DB
	peppers *keys.Peppers
	now     time.Time
	making  func() // called whenever a key is made
	storing func() // called whenever a user was judged and is about to be stored
}

// dialects are those of these tests: two claim the same endpoint, one has a
// client that stands in.
func dialects() []admin.Dialect {
	return []admin.Dialect{
		{Name: "dealcloud", Routes: []string{"POST /token"}, Settings: []string{"site"}},
		{Name: "akeneo", Routes: []string{"POST /token"}},
		{Name: "swift", Routes: []string{"GET /users/token"}, StandInGrants: []string{oauth.GrantPassword}},
	}
}

func timing() keys.Timing {
	return keys.Timing{MaxAge: 5 * time.Minute, Staleness: 30 * time.Second, Skew: time.Minute, Period: 720 * time.Hour, Lead: 24 * time.Hour}
}

// newHouse opens a house with the operator's tenant.
func newHouse(t *testing.T) *house {
	h := openHouse(t, storetest.Open(t))
	if _, err := h.Bootstrap(t.Context(), admin.BootstrapOptions{}); err != nil {
		t.Fatal(err)
	}
	return h
}

func openHouse(t *testing.T, db *store.DB) *house {
	h := &house{t: t, db: db, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), making: func() {}, storing: func() {}}
	h.peppers = keys.NewPeppers(db, keystest.Sealer())
	h.Service = h.on(watched{db, h})
	return h
}

// on returns the use cases of the house on another view of its store.
func (h *house) on(db admin.Store) *admin.Service {
	public, err := url.Parse("https://gatehouse.example:8443")
	if err != nil {
		h.t.Fatal(err)
	}
	return admin.New(db, keystest.Sealer(), h.peppers, admin.Config{
		PublicURL: public, Timing: timing(), Dialects: dialects(),
		Grants:      []string{oauth.GrantClientCredentials, oauth.GrantPassword},
		AuthMethods: []string{oauth.AuthSecretBasic, oauth.AuthSecretPost, oauth.AuthSecretJWT, oauth.AuthNone}, NewKey: h.newKey, CheckURL: fetch.New(fetch.Config{}).Check,
	}, func() time.Time { return h.now })
}

// watched is the store of a house.
type watched struct {
	*store.DB
	h *house
}

func (w watched) CreateUser(ctx context.Context, u *tenants.User, e tenants.AuditEvent) error {
	w.h.storing()
	return w.DB.CreateUser(ctx, u, e)
}

func (w watched) UpdateUser(ctx context.Context, u *tenants.User, e tenants.AuditEvent) error {
	w.h.storing()
	return w.DB.UpdateUser(ctx, u, e)
}

func (h *house) newKey(s *keys.Sealer, tenantID string, bits int) keys.NewKey {
	return func(alg string) (keys.Key, error) {
		h.making()
		return keystest.Generate(s, tenantID, alg, bits)
	}
}

// operator may do everything everywhere.
func operator() admin.Actor {
	return admin.Actor{Name: "cli:test", Scopes: admin.AllScopes(), RequestID: "request-1", Address: "192.0.2.1"}
}

// operatorWith reaches every tenant with these scopes.
func operatorWith(scopes ...string) admin.Actor {
	return admin.Actor{Name: "client:some@operator", Scopes: scopes}
}

// ownAdmin may do everything in its tenant.
func ownAdmin(t *tenants.Tenant) admin.Actor {
	return admin.Actor{Name: "client:own@" + t.Slug, TenantID: t.ID, Scopes: admin.AllScopes()}
}

func (h *house) tenant(slug string) *tenants.Tenant {
	h.t.Helper()
	return h.signing(slug, "")
}

// signing makes a tenant whose tokens are signed with that algorithm.
func (h *house) signing(slug, alg string) *tenants.Tenant {
	h.t.Helper()
	made, err := h.CreateTenant(h.t.Context(), operator(), admin.NewTenant{Slug: slug, Name: slug, SigningAlg: alg})
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

func (h *house) api(slug, identifier string, scopes ...string) *tenants.API {
	h.t.Helper()
	n := admin.NewAPI{Identifier: identifier, Name: "API"}
	for _, scope := range scopes {
		name, deprecated := strings.CutSuffix(scope, "!")
		n.Scopes = append(n.Scopes, tenants.Scope{Name: name, Deprecated: deprecated})
	}
	made, err := h.CreateAPI(h.t.Context(), operator(), slug, n)
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

func (h *house) client(slug, id string, access ...tenants.APIAccess) *admin.CreatedClient {
	h.t.Helper()
	n := admin.NewClient{ID: id}
	n.Name, n.APIs = "A client", access
	made, err := h.CreateClient(h.t.Context(), operator(), slug, n)
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

// events returns the tenant's audit events, newest first.
func (h *house) events(slug string) []tenants.AuditEvent {
	h.t.Helper()
	page, err := h.AuditEvents(h.t.Context(), operator(), slug, time.Time{}, admin.Query{})
	if err != nil {
		h.t.Fatal(err)
	}
	return page.Items
}

// wantError fails unless err is an *admin.Error of that code and field whose
// message holds all of words.
func wantError(t *testing.T, err error, code admin.Code, field string, words ...string) {
	t.Helper()
	var got *admin.Error
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want an *admin.Error of code %s", err, code)
	}
	if got.Code != code || got.Field != field {
		t.Fatalf("got code %s, field %q (%v); want %s, %q", got.Code, got.Field, err, code, field)
	}
	for _, word := range words {
		if !strings.Contains(got.Message, word) {
			t.Errorf("message %q does not say %q", got.Message, word)
		}
	}
}

func wantNone(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantList(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func wantCode(t *testing.T, err error, code admin.Code) {
	t.Helper()
	var got *admin.Error
	if !errors.As(err, &got) || got.Code != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
}

func describe(v any) string { return fmt.Sprintf("%v", v) }
