package grants_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/secrets"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Class M: guesses at a client's secret are counted by whom they are tried as, in
// whichever spelling, and lock out nobody whose proof cannot be guessed.
func TestClassMGuessesAreCountedInEverySpelling(t *testing.T) {
	db, sealer, now := storetest.Open(t), keystest.Sealer(), time.Now()
	clock := func() time.Time { return now }
	tenant := &tenants.Tenant{ID: "t", Slug: "acme", Issuer: "https://acme.example", Status: tenants.Active}
	pepper, err := keys.NewPepper(sealer, tenant.ID)
	must(t, err)
	must(t, db.CreateTenant(t.Context(), tenant, pepper, tenants.AuditEvent{}))
	peppers := keys.NewPeppers(db, sealer)
	made, imported := secrets.New(grants.ClientSecretPrefix), "imported"
	app := &tenants.Client{TenantID: tenant.ID, ID: "app", Status: tenants.Active, AuthMethod: oauth.AuthSecretBasic}
	for _, text := range []string{made, imported} {
		hash, err := peppers.MAC(t.Context(), tenant.ID, tenants.ClientSecretPurpose, app.ID, text)
		must(t, err)
		app.Secrets = append(app.Secrets, tenants.Secret{ID: text, TenantID: tenant.ID, ClientID: app.ID, Hash: hash, CreatedAt: now})
	}
	must(t, db.CreateClient(t.Context(), app, tenants.AuditEvent{}))
	must(t, db.CreateClient(t.Context(), &tenants.Client{TenantID: tenant.ID, ID: "open", Status: tenants.Active, AuthMethod: oauth.AuthNone}, tenants.AuditEvent{}))
	clients := grants.NewAuthenticator(tenants.NewDirectory(db, 10), grants.NewThrottle(clock), clock, grants.ClientSecret{Pepper: peppers, Now: clock}, grants.PublicClient{})
	answer := func(c oauth.Credentials) oauth.Code {
		_, err := clients.Authenticate(t.Context(), tenant, c, "192.0.2.66")
		if err == nil {
			return ""
		}
		return oauth.AsError(err).Code
	}
	basic := func(secret string, spellings ...string) oauth.Credentials {
		c := oauth.Credentials{Method: oauth.AuthSecretBasic}
		for _, id := range spellings {
			c.Readings = append(c.Readings, oauth.Pair{ClientID: id, Secret: secret})
		}
		return c
	}
	for n := range 20 {
		if got := answer(basic("guess", fmt.Sprintf("spelling %d", n), "app")); got != oauth.InvalidClient {
			t.Fatalf("guess %d: %s", n, got)
		}
	}
	for name, test := range map[string]struct {
		credentials oauth.Credentials
		want        oauth.Code
	}{
		"another guess":                     {basic("guess", "app"), oauth.SlowDown},
		"in another spelling":               {basic("guess", "one more", "app"), oauth.SlowDown},
		"the secret that could be guessed":  {basic(imported, "app"), oauth.SlowDown},
		"the secret that was made here":     {basic(made, "app"), ""},
		"another secret of its form":        {basic(secrets.New(grants.ClientSecretPrefix), "app"), oauth.SlowDown},
		"a secret that only looks like one": {basic(made[:len(made)-1]+"~", "app"), oauth.SlowDown},
	} {
		if got := answer(test.credentials); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	for range 30 { // somebody sends a secret that the client does not have
		answer(basic("guess", "open"))
	}
	if got := answer(oauth.Credentials{Method: oauth.AuthNone, Readings: []oauth.Pair{{ClientID: "open"}}}); got != "" {
		t.Errorf("a public client: %q", got)
	}
}
