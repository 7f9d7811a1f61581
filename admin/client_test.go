package admin_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func access(identifier string, scopes ...string) tenants.APIAccess {
	return tenants.APIAccess{Identifier: identifier, Scopes: append(oauth.Scopes{}, scopes...)}
}

func TestClientsGetDefaults(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.api("acme", "api", "data", "old!", "publish")
	made := h.client("acme", "", tenants.APIAccess{Identifier: "api"})
	if len(made.ID) != 22 || !admin.ValidSecret(made.Secret) {
		t.Errorf("client_id %q, secret valid %v", made.ID, admin.ValidSecret(made.Secret))
	}
	got, err := h.Client(t.Context(), operator(), "acme", made.ID)
	wantNone(t, err)
	if got.Status != tenants.Active || got.AuthMethod != oauth.AuthSecretBasic {
		t.Errorf("got %+v", got)
	}
	wantList(t, got.GrantTypes, oauth.GrantClientCredentials)
	for method, given := range map[string][]string{oauth.AuthSecretBasic: {}, oauth.AuthNone: nil} {
		settings := admin.ClientSettings{Name: "N", AuthMethod: method, GrantTypes: given}
		bare, err := h.CreateClient(t.Context(), operator(), "acme", admin.NewClient{ClientSettings: settings})
		wantNone(t, err)
		wantList(t, bare.GrantTypes)
	}
	wantList(t, got.APIs[0].Scopes, "data", "publish")
	none := h.client("acme", "none", access("api"))
	wantList(t, none.APIs[0].Scopes)
	old := h.client("acme", "old", access("api", "old"))
	wantList(t, old.APIs[0].Scopes, "old")
}

func TestSecretsAreKeptAsWhatGrantsCompareWith(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	for _, secret := range []string{"", "a+b%2Fc", "x", strings.Repeat("s", 256), ` ~"\`} {
		made, err := h.CreateClient(t.Context(), operator(), "acme", admin.NewClient{Secret: secret, ClientSettings: admin.ClientSettings{Name: "N"}})
		wantNone(t, err)
		if secret != "" && made.Secret != secret {
			t.Errorf("the answer says %q, given was %q", made.Secret, secret)
		}
		want, err := h.peppers.MAC(t.Context(), acme.ID, "client_secret", made.ID, made.Secret)
		wantNone(t, err)
		kept, err := h.Client(t.Context(), operator(), "acme", made.ID)
		wantNone(t, err)
		if len(kept.Secrets) != 1 || string(kept.Secrets[0].Hash) != string(want) {
			t.Errorf("%q is kept as %x, want %x", made.Secret, kept.Secrets, want)
		}
	}
}

func TestClientsAreRefused(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	api := h.api("acme", "api", "data")
	h.client("acme", "taken")
	past := h.now
	cases := map[string]struct {
		made  admin.NewClient
		code  admin.Code
		field string
		words []string
	}{
		"an id that is taken":       {admin.NewClient{ID: "taken"}, admin.CodeExists, "client_id", []string{"a user or a client"}},
		"a space in an id":          {admin.NewClient{ID: "a b"}, admin.CodeInvalid, "client_id", nil},
		"an id that URLs lose":      {admin.NewClient{ID: ".."}, admin.CodeInvalid, "client_id", nil},
		"a long id":                 {admin.NewClient{ID: strings.Repeat("a", 129)}, admin.CodeInvalid, "client_id", nil},
		"a long secret":             {admin.NewClient{Secret: strings.Repeat("a", 257)}, admin.CodeInvalid, "client_secret", nil},
		"a secret beyond ASCII":     {admin.NewClient{Secret: "passwört"}, admin.CodeInvalid, "client_secret", nil},
		"a secret with a line end":  {admin.NewClient{Secret: "a\n"}, admin.CodeInvalid, "client_secret", nil},
		"an unknown grant":          {admin.NewClient{ClientSettings: admin.ClientSettings{GrantTypes: []string{"magic"}}}, admin.CodeInvalid, "grant_types", []string{"magic", "client_credentials, password"}},
		"a grant twice":             {admin.NewClient{ClientSettings: admin.ClientSettings{GrantTypes: []string{"password", "password"}}}, admin.CodeInvalid, "grant_types", nil},
		"an unknown method":         {admin.NewClient{ClientSettings: admin.ClientSettings{AuthMethod: "tls_client_auth"}}, admin.CodeInvalid, "token_endpoint_auth_method", []string{"client_secret_basic"}},
		"another status":            {admin.NewClient{ClientSettings: admin.ClientSettings{Status: tenants.Suspended}}, admin.CodeInvalid, "status", []string{"active, disabled"}},
		"an expiry that has passed": {admin.NewClient{ClientSettings: admin.ClientSettings{ExpiresAt: &past}}, admin.CodeInvalid, "expires_at", nil},
		"an unknown API":            {admin.NewClient{ClientSettings: admin.ClientSettings{APIs: []tenants.APIAccess{access("api"), access("nope")}}}, admin.CodeInvalid, "apis[1].identifier", []string{"nope", "api, urn:gatehouse:admin"}},
		"an API by its id":          {admin.NewClient{ClientSettings: admin.ClientSettings{APIs: []tenants.APIAccess{access(api.ID)}}}, admin.CodeInvalid, "apis[0].identifier", nil},
		"an API twice":              {admin.NewClient{ClientSettings: admin.ClientSettings{APIs: []tenants.APIAccess{access("api"), access("api")}}}, admin.CodeInvalid, "apis[1].identifier", nil},
		"an unknown scope":          {admin.NewClient{ClientSettings: admin.ClientSettings{APIs: []tenants.APIAccess{access("api", "write")}}}, admin.CodeInvalid, "apis[0].scopes", []string{"write", "data"}},
		"a scope twice":             {admin.NewClient{ClientSettings: admin.ClientSettings{APIs: []tenants.APIAccess{access("api", "data", "data")}}}, admin.CodeInvalid, "apis[0].scopes", nil},
		"an unknown admin scope":    {admin.NewClient{ClientSettings: admin.ClientSettings{APIs: []tenants.APIAccess{access("urn:gatehouse:admin", "root")}}}, admin.CodeInvalid, "apis[0].scopes", []string{"tenants:read"}},
		"to serve an unknown API":   {admin.NewClient{ClientSettings: admin.ClientSettings{ResourceServerFor: []string{"nope"}}}, admin.CodeInvalid, "resource_server_for[0]", nil},
		"to serve an API twice":     {admin.NewClient{ClientSettings: admin.ClientSettings{ResourceServerFor: []string{"api", "api"}}}, admin.CodeInvalid, "resource_server_for[1]", nil},
		"to serve this API":         {admin.NewClient{ClientSettings: admin.ClientSettings{ResourceServerFor: []string{"urn:gatehouse:admin"}}}, admin.CodeInvalid, "resource_server_for[0]", nil},
		"a lifetime of no grant":    {admin.NewClient{ClientSettings: admin.ClientSettings{Lifetimes: map[string]int{"magic": 9}}}, admin.CodeInvalid, "lifetimes", nil},
		"no time at all":            {admin.NewClient{ClientSettings: admin.ClientSettings{Lifetimes: map[string]int{"password": 0}}}, admin.CodeInvalid, "lifetimes.password", []string{"86400"}},
		"too long for one grant":    {admin.NewClient{ClientSettings: admin.ClientSettings{Lifetimes: map[string]int{"password": 86401}}}, admin.CodeInvalid, "lifetimes.password", nil},
		"a secret for who has none": {admin.NewClient{Secret: "x", ClientSettings: admin.ClientSettings{AuthMethod: oauth.AuthNone}}, admin.CodeInvalid, "client_secret", []string{"none"}},
		"too short to sign with":    {admin.NewClient{Secret: strings.Repeat("s", 31), ClientSettings: admin.ClientSettings{AuthMethod: oauth.AuthSecretJWT}}, admin.CodeInvalid, "client_secret", []string{"32"}},
		"too long a lifetime":       {admin.NewClient{ClientSettings: admin.ClientSettings{Lifetime: tenants.Lifetime{Max: 86401}}}, admin.CodeInvalid, "max_access_token_lifetime", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.made.Name = "Name"
			_, err := h.CreateClient(t.Context(), operator(), "acme", c.made)
			wantError(t, err, c.code, c.field, c.words...)
		})
	}
}

// What a client may set is bounded when it is made and when it is changed.
func TestSettingsOfClientsAreBounded(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.client("acme", "c")
	const audience = "https://auth.example/token"
	many := numbered(201, "https://a")
	var apis []tenants.APIAccess
	for _, identifier := range many {
		apis = append(apis, access(identifier))
	}
	for name, c := range map[string]struct {
		settings admin.ClientSettings
		value    any // of the field, in a patch
		field    string
	}{
		"no name":                    {admin.ClientSettings{}, " ", "name"},
		"a description of a book":    {admin.ClientSettings{Description: strings.Repeat("a", 2001)}, strings.Repeat("a", 2001), "description"},
		"a permission of two words":  {admin.ClientSettings{Permissions: []string{"a b"}}, []any{"a b"}, "permissions"},
		"a permission to no grant":   {admin.ClientSettings{RequiredPermissions: map[string]string{"magic": "p"}}, map[string]any{"magic": "p"}, "required_permissions"},
		"any origin":                 {admin.ClientSettings{AllowedOrigins: []string{"https://*.acme.example"}}, []any{"https://*.acme.example"}, "allowed_origins"},
		"many origins":               {admin.ClientSettings{AllowedOrigins: many}, many, "allowed_origins"},
		"many APIs":                  {admin.ClientSettings{APIs: apis}, apis, "apis"},
		"many APIs to serve":         {admin.ClientSettings{ResourceServerFor: many}, many, "resource_server_for"},
		"two words for a permission": {admin.ClientSettings{RequiredPermissions: map[string]string{"password": "a b"}}, map[string]any{"password": "a b"}, "required_permissions.password"},
		"an origin twice":            {admin.ClientSettings{AllowedOrigins: []string{"https://a.example", "https://a.example"}}, []any{"https://a.example", "https://a.example"}, "allowed_origins"},
		"an audience that is no URL": {withAssertions(tenants.Assertions{Audiences: []string{"token"}}), []any{"token"}, "assertion_audiences"},
		"an audience twice":          {withAssertions(tenants.Assertions{Audiences: []string{audience, audience}}), []any{audience, audience}, "assertion_audiences"},
		"a long-lived assertion":     {withAssertions(tenants.Assertions{MaxLifetime: tenants.MaxAssertionLifetime + 1}), tenants.MaxAssertionLifetime + 1, "max_assertion_lifetime"},
		"an assertion of the past":   {withAssertions(tenants.Assertions{MaxLifetime: -1}), -1, "max_assertion_lifetime"},
		"many audiences":             {withAssertions(tenants.Assertions{Audiences: numbered(11, audience)}), numbered(11, audience), "assertion_audiences"},
		"keys on this machine":       {withAssertions(tenants.Assertions{JWKSURI: "https://127.0.0.1/jwks"}), "https://127.0.0.1/jwks", "jwks_uri"},
		"more than a year to renew":  {admin.ClientSettings{RefreshLifetime: tenants.RefreshLifetime{Total: 31536001}}, 31536001, "refresh_token_lifetime"},
		"a grace of an hour":         {admin.ClientSettings{RefreshLifetime: tenants.RefreshLifetime{Grace: 3600}}, 3600, "refresh_token_grace"},
		"to serve the admin API":     {admin.ClientSettings{ResourceServerFor: []string{oauth.AdminAudience}}, []any{oauth.AdminAudience}, "resource_server_for[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			c.settings.AuthMethod = oauth.AuthSecretBasic
			if c.field != "name" {
				c.settings.Name = "Name"
			}
			_, err := h.CreateClient(t.Context(), operator(), "acme", admin.NewClient{ClientSettings: c.settings})
			wantError(t, err, admin.CodeInvalid, c.field)
			member := regexp.MustCompile("^[a-z_]+").FindString(c.field)
			_, err = h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{member: c.value})
			wantError(t, err, admin.CodeInvalid, c.field)
		})
	}
	_, err := h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"allowed_origins": []any{"https://shop.example:8443", "http://localhost:3000", "http://app.localhost", "http://127.0.0.1"}, "refresh_token_idle_lifetime": 60})
	wantNone(t, err)
	// An idle life beyond the whole one would be no bound; jwks_uri counts for one method only.
	_, err = h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"refresh_token_lifetime": 60, "refresh_token_idle_lifetime": 61})
	wantError(t, err, admin.CodeInvalid, "refresh_token_idle_lifetime", "60")
	unsaid := withAssertions(tenants.Assertions{JWKSURI: "https://ci.example/jwks"})
	unsaid.Name = "Name"
	_, err = h.CreateClient(t.Context(), operator(), "acme", admin.NewClient{ClientSettings: unsaid})
	wantError(t, err, admin.CodeInvalid, "token_endpoint_auth_method", "private_key_jwt")
}

func withAssertions(a tenants.Assertions) admin.ClientSettings {
	return admin.ClientSettings{Assertions: a}
}

func TestPatchOfAClient(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.api("acme", "api", "data", "more")
	made := h.client("acme", "c", access("api", "data"))
	for _, field := range []string{"client_id", "client_secret", "created_at"} {
		_, err := h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{field: "x"})
		wantError(t, err, admin.CodeInvalid, field, "cannot be changed")
	}
	for _, field := range []string{"id", "tenant_id", "secret_hash", "version"} {
		_, err := h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{field: "x"})
		wantError(t, err, admin.CodeInvalid, field, "not known")
	}
	got, err := h.UpdateClient(t.Context(), operator(), "acme", "c", made.Version, admin.Patch{
		"lifetimes": map[string]any{"password": 60, "client_credentials": 90}, "expires_at": "2027-01-01T01:00:00+01:00", "status": "disabled",
	})
	wantNone(t, err)
	if got.Lifetimes["password"] != 60 || !got.ExpiresAt.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) || got.Status != tenants.Disabled {
		t.Errorf("got %+v", got)
	}
	got, err = h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"lifetimes": map[string]any{"password": nil}, "expires_at": nil})
	wantNone(t, err)
	if len(got.Lifetimes) != 1 || got.ExpiresAt != nil || got.Status != tenants.Disabled || got.APIs[0].Scopes[0] != "data" {
		t.Errorf("after null: %+v", got)
	}
	kept, err := h.Client(t.Context(), operator(), "acme", "c")
	wantNone(t, err)
	if len(kept.Secrets) != 1 {
		t.Error("the patch took the secret")
	}
	_, err = h.UpdateClient(t.Context(), operator(), "acme", "c", made.Version, admin.Patch{"name": "Lost"})
	wantError(t, err, admin.CodeStale, "")
}

// A scope that the API dropped must not stand in the way of other changes.
func TestPatchLeavesAloneWhatItDoesNotName(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.api("acme", "api", "data", "more")
	h.client("acme", "c", access("api", "more"))
	api, err := h.API(t.Context(), operator(), "acme", "api")
	wantNone(t, err)
	api.Scopes = api.Scopes[:1] // as where the client got the scope just then
	wantNone(t, h.db.UpdateAPI(t.Context(), api, tenants.AuditEvent{Action: "api.update"}))
	_, err = h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"name": "Other"})
	wantNone(t, err)
	_, err = h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"apis": []any{map[string]any{"identifier": "api", "scopes": []any{"more", "data"}}}})
	wantError(t, err, admin.CodeInvalid, "apis[0].scopes")
}

func TestClassPNobodyGivesAdminScopesThatTheyLack(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	h.client("acme", "mighty", access(oauth.AdminAudience, "clients:read", "keys:write"))
	h.client("acme", "plain")
	weak := admin.Actor{Name: "client:weak@acme", TenantID: acme.ID, Scopes: oauth.Scopes{"clients:read", "clients:write"}}
	var n admin.NewClient
	n.Name, n.APIs = "N", []tenants.APIAccess{access(oauth.AdminAudience, "clients:write", "keys:write")}
	_, err := h.CreateClient(t.Context(), weak, "acme", n)
	wantError(t, err, admin.CodeForbidden, "apis[0].scopes", "keys:write")
	n.APIs = []tenants.APIAccess{{Identifier: oauth.AdminAudience}}
	made, err := h.CreateClient(t.Context(), weak, "acme", n)
	wantNone(t, err)
	wantList(t, made.APIs[0].Scopes, "clients:read", "clients:write")
	_, err = h.UpdateClient(t.Context(), weak, "acme", "plain", 0, admin.Patch{"apis": []any{map[string]any{"identifier": oauth.AdminAudience, "scopes": []any{"tenants:write"}}}})
	wantError(t, err, admin.CodeForbidden, "apis[0].scopes", "tenants:write")

	// Nor do they borrow them from a client that has them.
	_, err = h.AddSecret(t.Context(), weak, "acme", "mighty", admin.NewSecret{})
	wantError(t, err, admin.CodeForbidden, "", "keys:write")
	_, err = h.UpdateClient(t.Context(), weak, "acme", "mighty", 0, admin.Patch{"status": "disabled"})
	wantError(t, err, admin.CodeForbidden, "")
	wantError(t, h.DeleteClient(t.Context(), weak, "acme", "mighty", 0), admin.CodeForbidden, "")
	mighty, err := h.Client(t.Context(), weak, "acme", "mighty")
	wantNone(t, err)
	wantError(t, h.RevokeSecret(t.Context(), weak, "acme", "mighty", mighty.Secrets[0].ID), admin.CodeForbidden, "")
}

// Without a version each patch changes what it names, whoever came between.
func TestPatchesAtOnceAllCount(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.client("acme", "c")
	patches := []admin.Patch{
		{"name": "Other"}, {"description": "Text"}, {"status": "disabled"}, {"access_token_lifetime": 60}, {"grant_types": []string{"password"}},
	}
	var running sync.WaitGroup
	for _, p := range patches {
		running.Go(func() {
			if _, err := h.UpdateClient(t.Context(), operator(), "acme", "c", 0, p); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	got, err := h.Client(t.Context(), operator(), "acme", "c")
	wantNone(t, err)
	if got.Name != "Other" || got.Description != "Text" || got.Status != tenants.Disabled || got.Default != 60 || len(got.GrantTypes) != 1 {
		t.Errorf("got %+v", got)
	}
}
