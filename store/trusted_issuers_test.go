package store_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestTrustedIssuersComeAndGo(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	createClient(t, db, acme.ID, "deploy")
	createClient(t, db, acme.ID, "test")
	user := &tenants.User{TenantID: acme.ID, ID: "ann", Username: "ann", Status: tenants.Active}
	must(t, db.CreateUser(t.Context(), user, audit("user.create")))
	full := &tenants.TrustedIssuer{
		ID: id(t), TenantID: acme.ID, Issuer: "https://ci.example", Name: "CI", Status: tenants.Active, JWKSURI: "https://ci.example/jwks",
		JWKS: json.RawMessage(`{"keys":[]}`), Audiences: []string{"a"}, SigningAlgs: []string{"RS256"}, MaxLifetime: 60, Reusable: true,
		Rules: []tenants.TrustRule{
			{ClientID: "test", Subject: "b", Claims: map[string][]string{"ref": {"x", "y"}}, Scopes: []string{"data"}},
			{ClientID: "deploy", Subject: "a", UserID: "ann", Claims: map[string][]string{}},
			{ClientID: "deploy", Subject: "c", Claims: map[string][]string{}, Scopes: []string{}},
		},
	}
	var events []feed.Event
	db.Subscribe(func(e feed.Event) { events = append(events, e) })
	must(t, db.CreateTrustedIssuer(t.Context(), full, audit("trusted_issuer.create")))
	bare := &tenants.TrustedIssuer{ID: id(t), TenantID: acme.ID, Issuer: "https://another.example", Name: "Bare", Status: tenants.Active}
	must(t, db.CreateTrustedIssuer(t.Context(), bare, audit("trusted_issuer.create")))
	got, err := db.TrustedIssuerByName(t.Context(), acme.ID, "https://ci.example")
	must(t, err)
	if diff := cmp.Diff(full, got); diff != "" {
		t.Error(diff)
	}
	list, err := db.TrustedIssuers(t.Context(), acme.ID, admin.Range{})
	must(t, err)
	if diff := cmp.Diff([]tenants.TrustedIssuer{*bare, *full}, list); diff != "" || bare.Rules == nil || bare.JWKS != nil {
		t.Error(diff)
	}
	for _, unknown := range [][2]string{{other.ID, "https://ci.example"}, {acme.ID, "https://CI.example"}, {acme.ID, "\xff"}} {
		_, err := db.TrustedIssuerByName(t.Context(), unknown[0], unknown[1])
		wantErr(t, err, tenants.ErrNotFound)
	}
	_, err = db.TrustedIssuer(t.Context(), other.ID, full.ID)
	wantErr(t, err, tenants.ErrNotFound)
	twice := *bare
	twice.ID = id(t)
	wantErr(t, db.CreateTrustedIssuer(t.Context(), &twice, audit("trusted_issuer.create")), tenants.ErrExists)
	stranger := &tenants.TrustedIssuer{ID: id(t), TenantID: other.ID, Issuer: "https://ci.example", Rules: []tenants.TrustRule{{ClientID: "deploy", Subject: "a"}}}
	wantErr(t, db.CreateTrustedIssuer(t.Context(), stranger, audit("trusted_issuer.create")), tenants.ErrNotFound)

	stale := *full
	full.Rules, full.JWKSURI, full.Name = full.Rules[1:], "", "New"
	must(t, db.UpdateTrustedIssuer(t.Context(), full, audit("trusted_issuer.update")))
	if got, err = db.TrustedIssuer(t.Context(), acme.ID, full.ID); err != nil || !cmp.Equal(full, got) || got.Version != 2 {
		t.Errorf("after an update: %v, %s", err, cmp.Diff(full, got))
	}
	wantErr(t, db.UpdateTrustedIssuer(t.Context(), &stale, audit("trusted_issuer.update")), tenants.ErrStale)

	// Rules go with what they name.
	must(t, db.DeleteUser(t.Context(), acme.ID, "ann", 0, audit("user.delete")))
	if got, err = db.TrustedIssuer(t.Context(), acme.ID, full.ID); err != nil || len(got.Rules) != 1 || got.Rules[0].Subject != "c" {
		t.Errorf("after the user went: %+v, %v", got.Rules, err)
	}
	must(t, db.DeleteClient(t.Context(), acme.ID, "deploy", 0, audit("client.delete")))
	if got, err = db.TrustedIssuer(t.Context(), acme.ID, full.ID); err != nil || len(got.Rules) != 0 {
		t.Errorf("after the client went: %+v, %v", got.Rules, err)
	}
	wantErr(t, db.DeleteTrustedIssuer(t.Context(), full, 1, audit("trusted_issuer.delete")), tenants.ErrStale)
	must(t, db.DeleteTrustedIssuer(t.Context(), full, 0, audit("trusted_issuer.delete")))
	_, err = db.TrustedIssuer(t.Context(), acme.ID, full.ID)
	wantErr(t, err, tenants.ErrNotFound)
	last := events[len(events)-1]
	if first := events[0]; first.Kind != feed.TrustedIssuer || first.Key != "https://ci.example" || last.Kind != feed.TrustedIssuer || last.TenantID != acme.ID {
		t.Errorf("events are %+v", events)
	}
}
