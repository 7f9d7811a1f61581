package admin_test

import (
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestBootstrapMakesTheOperatorOnce(t *testing.T) {
	h := openHouse(t, storetest.Open(t))
	got, err := h.Bootstrap(t.Context(), admin.BootstrapOptions{})
	wantNone(t, err)
	if got.Issuer != "https://gatehouse.example:8443/t/operator" || !admin.ValidSecret(got.ClientSecret) {
		t.Errorf("got issuer %s, a valid secret: %v", got.Issuer, admin.ValidSecret(got.ClientSecret))
	}
	c, err := h.Client(t.Context(), operator(), "operator", got.ClientID)
	wantNone(t, err)
	access, _ := c.Access(oauth.AdminAudience)
	wantList(t, access.Scopes, admin.AllScopes()...)
	wantList(t, c.GrantTypes, oauth.GrantClientCredentials)
	again, err := h.Bootstrap(t.Context(), admin.BootstrapOptions{ClientID: "other", ClientSecret: "s"})
	wantNone(t, err)
	if again != nil {
		t.Errorf("the second time: %+v", again)
	}
}

func TestBootstrapNeverShowsGivenSecrets(t *testing.T) {
	h := openHouse(t, storetest.Open(t))
	got, err := h.Bootstrap(t.Context(), admin.BootstrapOptions{ClientID: "automation", ClientSecret: "given from outside"})
	wantNone(t, err)
	if got.ClientID != "automation" || got.ClientSecret != "" {
		t.Errorf("got %+v", got)
	}
	c, err := h.Client(t.Context(), operator(), "operator", "automation")
	wantNone(t, err)
	want, err := h.peppers.MAC(t.Context(), c.TenantID, "client_secret", "automation", "given from outside")
	wantNone(t, err)
	if string(c.Secrets[0].Hash) != string(want) {
		t.Error("the given secret is not the one that is kept")
	}
}

func TestBootstrapOnTwoNodesAtOnceMakesOneClient(t *testing.T) {
	one, two := storetest.OpenPair(t)
	houses := []*house{openHouse(t, one), openHouse(t, two)}
	got := make([]*admin.Credentials, 6)
	var running sync.WaitGroup
	for i := range got {
		running.Go(func() {
			var err error
			if got[i], err = houses[i%2].Bootstrap(t.Context(), admin.BootstrapOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	shown := 0
	for _, credentials := range got {
		if credentials != nil {
			shown++
		}
	}
	clients, err := houses[0].Clients(t.Context(), operator(), "operator", admin.Query{})
	wantNone(t, err)
	if shown != 1 || len(clients.Items) != 1 {
		t.Errorf("%d credentials were shown, there are %d clients", shown, len(clients.Items))
	}
}

// A start may die after the tenant was made and before its client was.
func TestBootstrapFinishesWhatWasBegun(t *testing.T) {
	h := newHouse(t)
	wantNone(t, h.DeleteClient(t.Context(), operator(), "operator", "operator", 0))
	got, err := h.Bootstrap(t.Context(), admin.BootstrapOptions{})
	wantNone(t, err)
	if got == nil {
		t.Error("a lone operator without a client got none")
	}
	wantNone(t, h.DeleteClient(t.Context(), operator(), "operator", "operator", 0))
	h.tenant("zeta") // listed after the operator's
	got, err = h.Bootstrap(t.Context(), admin.BootstrapOptions{})
	wantNone(t, err)
	if got != nil {
		t.Error("credentials were made on a database with other tenants")
	}
}

func TestBootstrapLeavesAForeignDatabaseAlone(t *testing.T) {
	h := openHouse(t, storetest.Open(t))
	pepper, err := keys.NewPepper(keystest.Sealer(), "t1")
	wantNone(t, err)
	foreign := &tenants.Tenant{ID: "t1", Slug: "acme", Name: "Acme", Issuer: "https://acme.example", Status: tenants.Active, SigningAlg: "RS256", KeyBits: 2048}
	wantNone(t, h.db.CreateTenant(t.Context(), foreign, pepper, tenants.AuditEvent{ID: "e1", TenantID: "t1", At: h.now, Actor: "x", Action: "x", Target: "x"}))
	got, err := h.Bootstrap(t.Context(), admin.BootstrapOptions{})
	wantNone(t, err)
	if got != nil {
		t.Errorf("got %+v", got)
	}
}
