package tenants_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// On a loopback host every spelling of it is the shared host; no other host has
// such.
func TestLoopbackHostsAreOneSharedHost(t *testing.T) {
	d := newDesk(t)
	for public, shared := range map[string]bool{"localhost:8080": true, "127.0.0.1:8080": true, "[::1]": true, "auth.example": false} {
		resolver := tenants.NewResolver(d.dir, &url.URL{Scheme: "http", Host: public}, "")
		for _, host := range []string{"localhost", "127.0.0.1:80", "[::1]:9000"} {
			if got, err := resolver.Resolve(t.Context(), host, ""); got != nil || (err == nil) != shared {
				t.Errorf("%s at %s: %v, %v", host, public, got, err)
			}
		}
	}
}

// A host and a path may name the same tenant, and no two. A host that is known gets
// its own, whatever unknown ones get.
func TestHostAndPathAgree(t *testing.T) {
	d := newDesk(t)
	own := &tenants.Tenant{ID: "t3", Slug: "t3", Issuer: "t3", Hosts: []string{"t3.example"}, Status: tenants.Active}
	d.must(d.db.CreateTenant(t.Context(), own, keys.SealedPepper{Sealed: []byte("x")}, d.event()))
	resolver := tenants.NewResolver(d.dir, &url.URL{Scheme: "https", Host: "auth.example"}, d.other)
	for slug, want := range map[string]oauth.Code{"": "", "t3": "", d.other: oauth.InvalidTarget, "nobody": oauth.UnknownTenant} {
		got, err := resolver.Resolve(t.Context(), "t3.example", slug)
		if want == "" && (err != nil || got.ID != "t3") || want != "" && (err == nil || oauth.AsError(err).Code != want) {
			t.Errorf("path %q: %v, %v", slug, got, err)
		}
	}
	_, err := resolver.Resolve(t.Context(), "auth.example", "a b\"c\\d\x1f\u00e9~"+strings.Repeat("x", 100))
	if want := "no tenant has the path /t/a b?c?d??~" + strings.Repeat("x", 89); oauth.AsError(err).Description != want {
		t.Errorf("%q, want %q (RFC 6749 section 5.2)", oauth.AsError(err).Description, want)
	}
}

// Of the tenants that share an audience the one is meant that knows the client. Where
// none does, an active one refuses: if possible the one whose token was sent.
func TestSharedAudience(t *testing.T) {
	d := newDesk(t)
	const audience = "https://api.example"
	add := func(id, api string, status tenants.Status, clients map[string]string) {
		if id != d.tenant && id != d.other {
			tenant := &tenants.Tenant{ID: id, Slug: id, Issuer: id, Status: status}
			d.must(d.db.CreateTenant(t.Context(), tenant, keys.SealedPepper{Sealed: []byte("x")}, d.event()))
		}
		d.must(d.db.CreateAPI(t.Context(), &tenants.API{ID: id, TenantID: id, Identifier: api, SharedHost: true}, d.event()))
		for client, method := range clients {
			d.must(d.db.CreateClient(t.Context(), &tenants.Client{TenantID: id, ID: client, AuthMethod: method, Status: tenants.Active}, d.event()))
		}
	}
	add("t0", audience, tenants.Suspended, nil)
	add(d.tenant, audience, tenants.Active, map[string]string{"store": oauth.AuthDialect})
	add(d.other, audience, tenants.Active, map[string]string{"erp": oauth.AuthSecretBasic, "swift": oauth.AuthDialect, "store": oauth.AuthDialect})
	add("t3", "https://other.example", tenants.Active, map[string]string{"erp": oauth.AuthSecretBasic, "far": oauth.AuthSecretBasic})
	resolver := tenants.NewResolver(d.dir, &url.URL{Scheme: "https", Host: "auth.example"}, "")
	for _, c := range []struct {
		clientID, handleOf, tenant string
		code                       oauth.Code
	}{
		{clientID: "erp", tenant: d.other},
		{clientID: "erp", handleOf: d.tenant, code: oauth.InvalidTarget},
		{clientID: "swift", tenant: d.other},
		{clientID: "store", code: oauth.InvalidTarget},
		{clientID: "nobody", tenant: d.tenant},
		{clientID: "nobody", handleOf: d.other, tenant: d.other},
		{clientID: "far", handleOf: d.other, tenant: d.other},
		{clientID: "far", handleOf: "t3", code: oauth.InvalidTarget},
	} {
		got, err := resolver.OnSharedHost(t.Context(), audience, c.clientID, c.handleOf)
		if c.code == "" && (err != nil || got.ID != c.tenant) || c.code != "" && (err == nil || oauth.AsError(err).Code != c.code) {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}

// A tenant's issuer is an audience of its own, whoever else has an API of that name.
func TestIssuerIsAnAudienceOfItsTenant(t *testing.T) {
	d := newDesk(t)
	for _, identifier := range []string{d.tenant, "https://api.example"} {
		d.must(d.db.CreateAPI(t.Context(), &tenants.API{ID: identifier, TenantID: d.other, Identifier: identifier, SharedHost: true}, d.event()))
	}
	resolver := tenants.NewResolver(d.dir, &url.URL{Scheme: "https", Host: "auth.example"}, "")
	tenant := &tenants.Tenant{ID: d.tenant, Issuer: d.tenant}
	for audience, agrees := range map[string]bool{d.tenant: true, "": true, oauth.AdminAudience: true, "https://nobody.example": true, "https://api.example": false} {
		if err := resolver.Agrees(t.Context(), tenant, audience); (err == nil) != agrees {
			t.Errorf("audience %q: %v", audience, err)
		}
	}
}

// An unknown host gets the tenant that the operator has named for it, and nothing
// where none is named, or none of that name is there.
func TestUnknownHostsGetTheTenantThatIsNamedForThem(t *testing.T) {
	d := newDesk(t)
	public := &url.URL{Scheme: "https", Host: "auth.example"}
	for slug, want := range map[string]string{d.other: d.other, "": "", "nobody": ""} {
		resolver := tenants.NewResolver(d.dir, public, slug)
		for _, host := range []string{"elsewhere.example:8080", ""} {
			got, err := resolver.Resolve(t.Context(), host, "")
			if want != "" && (err != nil || got.ID != want) || want == "" && (err == nil || oauth.AsError(err).Code != oauth.UnknownTenant) {
				t.Errorf("default %q, host %q: %v, %v", slug, host, got, err)
			}
		}
		if got, err := resolver.Resolve(t.Context(), "AUTH.example.:443", ""); err != nil || got != nil {
			t.Errorf("default %q, the shared host: %v, %v", slug, got, err)
		}
	}
}
