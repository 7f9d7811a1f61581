package grants_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// given is a grant that answers with the subject it holds, as a third party's might.
type given struct{ subject *grants.Subject }

func (given) Type() string     { return "urn:example:given" }
func (given) Params() []string { return nil }
func (given) OpenToPublic()    {}
func (g given) Authorize(context.Context, *grants.Request) (*grants.Subject, error) {
	subject := *g.subject
	return &subject, nil
}

// plain shows what would be signed.
type plain struct{}

func (plain) Sign(_ context.Context, _, _, _ string, claims any) (token, kid string, err error) {
	text, err := json.Marshal(claims)
	return string(text), "kid", err
}

func (plain) Verify(context.Context, string, string, string) ([]byte, error) {
	return nil, oauth.ErrInvalidToken
}

func (plain) Forget(string)                                         {}
func (plain) Revoked(context.Context, string, string) (bool, error) { return false, nil }

// desk is a Service at a clock's time, with a tenant whose public client "app"
// may use the grant given and refresh tokens.
type desk struct {
	t       *testing.T
	tenant  *tenants.Tenant
	service *grants.Service
	now     time.Time
	given   *given
	db      *store.DB
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	db := storetest.Open(t)
	sealer, err := keys.NewSealer([]byte(strings.Repeat("k", 32)))
	must(t, err)
	d := &desk{t: t, now: time.Now().UTC().Truncate(time.Second), given: &given{}, db: db}
	d.tenant = &tenants.Tenant{ID: uuid.Must(uuid.NewV7()).String(), Slug: "acme", Name: "Acme", Issuer: "https://acme.example", Status: tenants.Active}
	pepper, err := keys.NewPepper(sealer, d.tenant.ID)
	must(t, err)
	must(t, db.CreateTenant(t.Context(), d.tenant, pepper, tenants.AuditEvent{}))
	must(t, db.CreateClient(t.Context(), &tenants.Client{
		TenantID: d.tenant.ID, ID: "app", Name: "App", Status: tenants.Active, AuthMethod: oauth.AuthNone,
		GrantTypes: []string{d.given.Type(), oauth.GrantRefreshToken}, CreatedAt: d.now,
	}, tenants.AuditEvent{}))
	must(t, db.CreateUser(t.Context(), &tenants.User{TenantID: d.tenant.ID, ID: "ann", Username: "ann", Status: tenants.Active, CreatedAt: d.now}, tenants.AuditEvent{}))
	clock := func() time.Time { return d.now }
	directory, peppers := tenants.NewDirectory(db, 10), keys.NewPeppers(db, sealer)
	registry := grants.NewRegistry(d.given, grants.RefreshToken{Tokens: grants.NewRefreshTokens(db, directory, peppers, clock)})
	clients := grants.NewAuthenticator(directory, grants.NewThrottle(clock), clock, grants.PublicClient{})
	d.service = grants.NewService(registry, clients, directory, plain{}, grants.NewJournal(db), clock)
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d *desk) user(id string) *tenants.User {
	return &tenants.User{TenantID: d.tenant.ID, ID: id, Status: tenants.Active}
}

func (d *desk) ask(params oauth.Params) (*oauth.Response, error) {
	d.t.Helper()
	return d.service.Token(d.t.Context(), &grants.TokenRequest{
		Tenant: d.tenant, Params: params, Credentials: oauth.Credentials{Method: oauth.AuthNone, Readings: []oauth.Pair{{ClientID: "app"}}},
	})
}

// earn asks for a token by the grant given.
func (d *desk) earn(s *grants.Subject) *oauth.Response {
	d.t.Helper()
	d.given.subject = s
	response, err := d.ask(oauth.Params{"grant_type": d.given.Type()})
	must(d.t, err)
	return response
}

func (d *desk) refresh(token string) (*oauth.Response, error) {
	d.t.Helper()
	return d.ask(oauth.Params{"grant_type": oauth.GrantRefreshToken, "refresh_token": token})
}

func TestOnlyWhatPeopleGrantAndMayRenewIsRenewable(t *testing.T) {
	d := newDesk(t)
	account := d.user("oauth_other")
	account.ServiceAccountOf = "other"
	for name, subject := range map[string]*grants.Subject{
		"a grant that is not renewable": {ID: "ann", User: d.user("ann")},
		"a service account":             {ID: account.ID, User: account, Renewable: true},
		"the client itself":             {ID: "app", Renewable: true},
	} {
		if response := d.earn(subject); response.RefreshToken != "" || strings.Contains(response.AccessToken, "grant_id") {
			t.Errorf("%s: %+v", name, response)
		}
	}
	if response := d.earn(&grants.Subject{ID: "ann", User: d.user("ann"), Renewable: true}); response.RefreshToken == "" {
		t.Error("a person's grant cannot be renewed")
	}
}

func TestFamilyLivesNoLongerThanItsSubject(t *testing.T) {
	d := newDesk(t)
	first := d.earn(&grants.Subject{ID: "ann", User: d.user("ann"), Renewable: true, Expiry: d.now.Add(time.Hour)})
	d.now = d.now.Add(time.Hour - time.Second)
	second, err := d.refresh(first.RefreshToken)
	must(t, err)
	d.now = d.now.Add(time.Second)
	if _, err := d.refresh(second.RefreshToken); oauth.AsError(err).Code != oauth.InvalidGrant {
		t.Errorf("after its subject's end: %v", err)
	}
}

// Whoever has an id now has nothing of who had it before.
func TestFamilyIsNoneOfAUserWhoIsYoungerThanIt(t *testing.T) {
	d := newDesk(t)
	for id, created := range map[string]time.Time{"same second": d.now.Add(time.Second - 1), "later": d.now.Add(time.Second)} {
		must(t, d.db.CreateUser(t.Context(), &tenants.User{TenantID: d.tenant.ID, ID: id, Username: id, Status: tenants.Active, CreatedAt: created}, tenants.AuditEvent{}))
		_, err := d.refresh(d.earn(&grants.Subject{ID: id, User: d.user(id), Renewable: true}).RefreshToken)
		if refused := err != nil && oauth.AsError(err).Code == oauth.InvalidGrant; refused != (id == "later") {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// Class E: no grant and no claim of a user's can put a token into a grant that
// it does not belong to, and a renewed token says what the first one said.
func TestClassEGrantIDIsNotAClaimThatAGrantMakes(t *testing.T) {
	d := newDesk(t)
	said := func(r *oauth.Response) (claims map[string]any) {
		t.Helper()
		must(t, json.Unmarshal([]byte(r.AccessToken), &claims))
		return claims
	}
	forged := map[string]any{"grant_id": "another", "acr": "high"}
	if claims := said(d.earn(&grants.Subject{ID: "ann", User: d.user("ann"), Claims: forged})); claims["grant_id"] != nil {
		t.Errorf("a grant that is not renewable claims %v", claims)
	}
	first := d.earn(&grants.Subject{ID: "ann", User: d.user("ann"), Renewable: true, Claims: forged})
	id := said(first)["grant_id"]
	if id == nil || id == "another" {
		t.Errorf("the grant is %v", id)
	}
	second, err := d.refresh(first.RefreshToken)
	must(t, err)
	if claims := said(second); claims["grant_id"] != id || claims["acr"] != "high" {
		t.Errorf("the renewed token says %v", claims)
	}
}

var _ grants.RefreshStore = (*store.DB)(nil)
