package admin_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestIssuerIsFixedWhenATenantIsMade(t *testing.T) {
	h := newHouse(t)
	cases := []struct {
		made admin.NewTenant
		want string
	}{
		{admin.NewTenant{Slug: "a"}, "https://gatehouse.example:8443/t/a"},
		{admin.NewTenant{Slug: "b", Hosts: []string{"B.Example.", "b2.example"}}, "https://b.example:8443"},
		{admin.NewTenant{Slug: "c", Hosts: []string{"c.example"}, Issuer: "https://id.c.example/x"}, "https://id.c.example/x"},
		{admin.NewTenant{Slug: "d-1", Issuer: "http://d.localhost:8080"}, "http://d.localhost:8080"},
		{admin.NewTenant{Slug: "e", Issuer: "http://127.0.0.1:8080/t/e"}, "http://127.0.0.1:8080/t/e"},
	}
	for _, c := range cases {
		c.made.Name = "Name"
		got, err := h.CreateTenant(t.Context(), operator(), c.made)
		wantNone(t, err)
		if got.Issuer != c.want {
			t.Errorf("%s: issuer %s, want %s", c.made.Slug, got.Issuer, c.want)
		}
	}
	_, err := h.UpdateTenant(t.Context(), operator(), "b", 0, admin.Patch{"hosts": []string{"other.example"}})
	wantNone(t, err)
	again, err := h.Tenant(t.Context(), operator(), "b")
	wantNone(t, err)
	if again.Issuer != "https://b.example:8443" || again.Hosts[0] != "other.example" {
		t.Errorf("after another host: issuer %s, hosts %v", again.Issuer, again.Hosts)
	}
}

func TestTenantsAreRefused(t *testing.T) {
	h := newHouse(t)
	_, err := h.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "taken", Name: "Taken", Hosts: []string{"taken.example"}})
	wantNone(t, err)
	cases := map[string]struct {
		made  admin.NewTenant
		code  admin.Code
		field string
	}{
		"an empty slug":                 {admin.NewTenant{}, admin.CodeInvalid, "slug"},
		"capitals in a slug":            {admin.NewTenant{Slug: "Acme"}, admin.CodeInvalid, "slug"},
		"a hyphen at the end":           {admin.NewTenant{Slug: "a-"}, admin.CodeInvalid, "slug"},
		"two hyphens":                   {admin.NewTenant{Slug: "a--b"}, admin.CodeInvalid, "slug"},
		"a dot in a slug":               {admin.NewTenant{Slug: "a.b"}, admin.CodeInvalid, "slug"},
		"a hyphen at the beginning":     {admin.NewTenant{Slug: "-a"}, admin.CodeInvalid, "slug"},
		"a brace in a slug":             {admin.NewTenant{Slug: "a{b"}, admin.CodeInvalid, "slug"},
		"a long slug":                   {admin.NewTenant{Slug: strings.Repeat("a", 64)}, admin.CodeInvalid, "slug"},
		"the operator's slug":           {admin.NewTenant{Slug: "operator"}, admin.CodeInvalid, "slug"},
		"a slug that is taken":          {admin.NewTenant{Slug: "taken"}, admin.CodeExists, "slug"},
		"a host that is taken":          {admin.NewTenant{Slug: "x", Hosts: []string{"x.example", "TAKEN.example:99"}}, admin.CodeExists, "hosts"},
		"an issuer that is taken":       {admin.NewTenant{Slug: "x", Issuer: "https://taken.example:8443"}, admin.CodeExists, "issuer"},
		"the shared host":               {admin.NewTenant{Slug: "x", Hosts: []string{"gatehouse.example"}}, admin.CodeInvalid, "hosts"},
		"a host with a path":            {admin.NewTenant{Slug: "x", Hosts: []string{"x.example/y"}}, admin.CodeInvalid, "hosts"},
		"a host twice":                  {admin.NewTenant{Slug: "x", Hosts: []string{"x.example", "X.EXAMPLE."}}, admin.CodeInvalid, "hosts"},
		"an IPv6 host":                  {admin.NewTenant{Slug: "x", Hosts: []string{"[2001:db8::1]"}}, admin.CodeInvalid, "hosts"},
		"an empty label":                {admin.NewTenant{Slug: "x", Hosts: []string{"x..example"}}, admin.CodeInvalid, "hosts"},
		"a long label":                  {admin.NewTenant{Slug: "x", Hosts: []string{strings.Repeat("a", 64) + ".example"}}, admin.CodeInvalid, "hosts"},
		"a long host":                   {admin.NewTenant{Slug: "x", Hosts: []string{strings.Repeat("a.", 126) + "aa"}}, admin.CodeInvalid, "hosts"},
		"a host with a hyphen first":    {admin.NewTenant{Slug: "x", Hosts: []string{"-x.example"}}, admin.CodeInvalid, "hosts"},
		"a host with a hyphen last":     {admin.NewTenant{Slug: "x", Hosts: []string{"x-.example"}}, admin.CodeInvalid, "hosts"},
		"many hosts":                    {admin.NewTenant{Slug: "x", Hosts: numbered(201, "h")}, admin.CodeInvalid, "hosts"},
		"a long issuer":                 {admin.NewTenant{Slug: "x", Issuer: "https://x.example/" + strings.Repeat("a", 250)}, admin.CodeInvalid, "issuer"},
		"a colour that is a style":      {admin.NewTenant{Slug: "x", Look: admin.Look{BrandColor: "red;}"}}, admin.CodeInvalid, "brand_color"},
		"a negative time to renew":      {admin.NewTenant{Slug: "x", RefreshLifetime: tenants.RefreshLifetime{Idle: -1}}, admin.CodeInvalid, "refresh_token_idle_lifetime"},
		"a grace of an hour":            {admin.NewTenant{Slug: "x", RefreshLifetime: tenants.RefreshLifetime{Grace: 3600}}, admin.CodeInvalid, "refresh_token_grace"},
		"a http issuer":                 {admin.NewTenant{Slug: "x", Issuer: "http://x.example"}, admin.CodeInvalid, "issuer"},
		"an issuer with a slash":        {admin.NewTenant{Slug: "x", Issuer: "https://x.example/"}, admin.CodeInvalid, "issuer"},
		"an issuer with a query":        {admin.NewTenant{Slug: "x", Issuer: "https://x.example?a"}, admin.CodeInvalid, "issuer"},
		"an issuer with an empty query": {admin.NewTenant{Slug: "x", Issuer: "https://x.example?"}, admin.CodeInvalid, "issuer"},
		"an issuer with a fragment":     {admin.NewTenant{Slug: "x", Issuer: "https://x.example#a"}, admin.CodeInvalid, "issuer"},
		"an issuer with a user":         {admin.NewTenant{Slug: "x", Issuer: "https://u@x.example"}, admin.CodeInvalid, "issuer"},
		"an issuer in capitals":         {admin.NewTenant{Slug: "x", Issuer: "https://X.example"}, admin.CodeInvalid, "issuer"},
		"an issuer with dots":           {admin.NewTenant{Slug: "x", Issuer: "https://x.example/a/../b"}, admin.CodeInvalid, "issuer"},
		"an issuer without a host":      {admin.NewTenant{Slug: "x", Issuer: "https:///x"}, admin.CodeInvalid, "issuer"},
		"an issuer of another scheme":   {admin.NewTenant{Slug: "x", Issuer: "ftp://localhost"}, admin.CodeInvalid, "issuer"},
		"an issuer that is no URL":      {admin.NewTenant{Slug: "x", Issuer: "x"}, admin.CodeInvalid, "issuer"},
		"an unknown dialect":            {admin.NewTenant{Slug: "x", Dialects: []string{"klingon"}}, admin.CodeInvalid, "dialects"},
		"an unknown algorithm":          {admin.NewTenant{Slug: "x", SigningAlg: "HS256"}, admin.CodeInvalid, "signing_alg"},
		"a short key":                   {admin.NewTenant{Slug: "x", KeyBits: 1024}, admin.CodeInvalid, "key_bits"},
		"a lifetime past the ceiling":   {admin.NewTenant{Slug: "x", Lifetime: tenants.Lifetime{Default: 86401}}, admin.CodeInvalid, "access_token_lifetime"},
		"a negative maximum":            {admin.NewTenant{Slug: "x", Lifetime: tenants.Lifetime{Max: -1}}, admin.CodeInvalid, "max_access_token_lifetime"},
		"a lifetime past the maximum":   {admin.NewTenant{Slug: "x", Lifetime: tenants.Lifetime{Default: 9, Max: 8}}, admin.CodeInvalid, "access_token_lifetime"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.made.Name = "Name"
			_, err := h.CreateTenant(t.Context(), operator(), c.made)
			wantError(t, err, c.code, c.field)
		})
	}
	for _, name := range []string{"", " x", "a\nb", "\x00"} {
		_, err := h.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "x", Name: name})
		wantError(t, err, admin.CodeInvalid, "name")
	}
	_, err = h.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "x", Name: "X", Dialects: []string{"klingon"}})
	wantError(t, err, admin.CodeInvalid, "dialects", "klingon", "dealcloud, akeneo")
}

// On a machine of one's own the shared host has several names.
func TestNoTenantTakesTheSharedHostByAnotherName(t *testing.T) {
	h := newHouse(t)
	public, err := url.Parse("http://localhost:8080")
	wantNone(t, err)
	local := admin.New(h.db, keystest.Sealer(), h.peppers, admin.Config{PublicURL: public, Timing: timing(), NewKey: h.newKey}, func() time.Time { return h.now })
	for _, host := range []string{"localhost", "127.0.0.1", "127.0.0.2:8080"} {
		_, err := local.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "x", Name: "X", Hosts: []string{host}})
		wantError(t, err, admin.CodeInvalid, "hosts", "shared host")
	}
	_, err = local.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "x", Name: "X", Hosts: []string{"x.localhost", "192.0.2.1"}})
	wantNone(t, err)
}

func TestPatchOfATenant(t *testing.T) {
	h := newHouse(t)
	made := h.tenant("acme")
	for _, field := range []string{"id", "slug", "issuer", "created_at"} {
		_, err := h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{field: "x"})
		wantError(t, err, admin.CodeInvalid, field, "cannot be changed")
	}
	_, err := h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"nmae": nil})
	wantError(t, err, admin.CodeInvalid, "nmae")
	_, err = h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"status": "disabled"})
	wantError(t, err, admin.CodeInvalid, "status", "active, suspended")
	got, err := h.UpdateTenant(t.Context(), operator(), "acme", made.Version, admin.Patch{"name": "Acme Inc.", "access_token_lifetime": 60})
	wantNone(t, err)
	if got.Name != "Acme Inc." || got.Default != 60 || got.Version <= made.Version || got.Slug != "acme" {
		t.Errorf("got %+v", got)
	}
	_, err = h.UpdateTenant(t.Context(), operator(), "acme", made.Version, admin.Patch{"name": "Lost"})
	wantError(t, err, admin.CodeStale, "")
	got, err = h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"access_token_lifetime": nil})
	wantNone(t, err)
	if got.Default != 0 || got.Name != "Acme Inc." {
		t.Errorf("after null: %+v", got)
	}
	before := len(h.events("acme"))
	_, err = h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"name": "Acme Inc."})
	wantNone(t, err)
	if after := len(h.events("acme")); after != before {
		t.Error("a patch that changes nothing was recorded")
	}
}

func TestOwnAdministratorsChangeOnlyWhatIsTheirs(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	_, err := h.UpdateTenant(t.Context(), ownAdmin(acme), "acme", 0, admin.Patch{
		"name": "Mine", "access_token_lifetime": 60, "max_access_token_lifetime": 90, "signing_alg": "ES256",
	})
	wantNone(t, err)
	for field, value := range map[string]any{
		"hosts": []string{"other.example"}, "dialects": []string{"akeneo"}, "status": "suspended", "key_bits": 4096,
	} {
		_, err := h.UpdateTenant(t.Context(), ownAdmin(acme), "acme", 0, admin.Patch{field: value})
		wantError(t, err, admin.CodeForbidden, field)
	}
	_, err = h.CreateTenant(t.Context(), ownAdmin(acme), admin.NewTenant{Slug: "x", Name: "X"})
	wantError(t, err, admin.CodeForbidden, "")
	wantError(t, h.DeleteTenant(t.Context(), ownAdmin(acme), "acme", 0), admin.CodeForbidden, "")
	page, err := h.Tenants(t.Context(), ownAdmin(acme), admin.Query{})
	wantNone(t, err)
	if len(page.Items) != 1 || page.Items[0].Slug != "acme" {
		t.Errorf("its list shows %v", page.Items)
	}
	for prefix, want := range map[string]int{"AC": 1, "mi": 1, "operator": 0} { // its slug, its name, another's
		found, err := h.Tenants(t.Context(), ownAdmin(acme), admin.Query{Prefix: prefix})
		wantNone(t, err)
		if len(found.Items) != want {
			t.Errorf("looking for %s, it finds %v", prefix, found.Items)
		}
	}
	h.tenant("other")
	first, err := h.Tenants(t.Context(), operator(), admin.Query{Size: 1})
	wantNone(t, err)
	_, err = h.Tenants(t.Context(), ownAdmin(acme), admin.Query{PageToken: first.NextPageToken})
	wantError(t, err, admin.CodeInvalid, "page_token")
}

func TestOperatorsTenantStays(t *testing.T) {
	h := newHouse(t)
	wantError(t, h.DeleteTenant(t.Context(), operator(), "operator", 0), admin.CodeForbidden, "")
	_, err := h.UpdateTenant(t.Context(), operator(), "operator", 0, admin.Patch{"status": "suspended"})
	wantError(t, err, admin.CodeForbidden, "status")
	_, err = h.UpdateTenant(t.Context(), operator(), "operator", 0, admin.Patch{"name": "We"})
	wantNone(t, err)
}

func TestDeletedTenantIsGoneAndItsNamesAreFree(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	wantError(t, h.DeleteTenant(t.Context(), operator(), "acme", acme.Version+1), admin.CodeStale, "")
	wantNone(t, h.DeleteTenant(t.Context(), operator(), "acme", acme.Version))
	_, err := h.Tenant(t.Context(), operator(), "acme")
	wantError(t, err, admin.CodeNotFound, "")
	if again := h.tenant("acme"); again.ID == acme.ID {
		t.Error("the id was used again")
	}
}

// Which of its names is taken is said, be it a name of its users'.
func TestWhatIsTakenIsNamed(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	_, err := h.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "first", Name: "First", Hosts: []string{"one.example", "two.example"}})
	wantNone(t, err)
	_, err = h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"hosts": []any{"acme.example", "two.example"}})
	wantError(t, err, admin.CodeExists, "hosts", `another tenant has the host "two.example"`)
	_, err = h.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "second", Name: "Second", Issuer: "https://one.example:8443"})
	wantError(t, err, admin.CodeExists, "issuer", `another tenant has the issuer "https://one.example:8443"`)
	_, err = h.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "first", Name: "First"})
	wantError(t, err, admin.CodeExists, "slug")
	for _, name := range []string{"ann", "ben"} {
		_, err := h.CreateUser(t.Context(), operator(), "acme", admin.NewUser{UserSettings: admin.UserSettings{Username: name, Email: "us@acme.example"}})
		wantNone(t, err)
	}
	_, err = h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"login_by_email": true})
	wantError(t, err, admin.CodeExists, "login_by_email", "the same e-mail address")
}
