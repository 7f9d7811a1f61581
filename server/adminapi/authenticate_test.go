package adminapi_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/server/adminapi"
)

func TestTokensSayWhoCallsAndWhatTheyMay(t *testing.T) {
	d := newDesk(t)
	acme, err := d.service.CreateTenant(t.Context(), everything(), admin.NewTenant{Slug: "acme", Name: "Acme"})
	d.must(err)
	d.administrator("acme")
	_, err = d.service.UpdateClient(t.Context(), everything(), "acme", "admin-of-acme", 0,
		admin.Patch{"apis": []any{object{"identifier": oauth.AdminAudience, "scopes": []any{"clients:read", "keys:read"}}}})
	d.must(err)
	got, err := d.auth.Authenticate(t.Context(), d.token("acme", "admin-of-acme", "clients:read", "tenants:write"))
	d.must(err)
	if got.Name != "client:admin-of-acme@acme" || got.TenantID != acme.ID || got.Scopes.String() != "clients:read" {
		t.Errorf("got %+v", got)
	}
	got, err = d.auth.Authenticate(t.Context(), d.operator())
	d.must(err)
	if !got.IsOperator() || !got.Scopes.HasAll(admin.AllScopes()) {
		t.Errorf("the operator: %+v", got)
	}
	// Names count as they are written: encoding/json would take these for others.
	named := d.sign("acme", "at+jwt", object{
		"sub": "admin-of-acme", "client_id": "admin-of-acme", "scope": "clients:read",
		"ſub": "ann", "Client_ID": "other", "ſcope": "keys:read", "Act": object{"sub": "ann"}, "iſs": "https://elsewhere.example", "AUD": "api",
	})
	if got, err := d.auth.Authenticate(t.Context(), named); err != nil || got.Name != "client:admin-of-acme@acme" || got.Scopes.String() != "clients:read" {
		t.Errorf("by names that look alike: %+v, %v", got, err)
	}
}

func TestClassBTokensOfOthersAreRefused(t *testing.T) {
	d := newDesk(t)
	for _, slug := range []string{"acme", "evil"} {
		d.furnished(slug)
		d.administrator(slug)
		_, err := d.service.UpdateClient(t.Context(), everything(), slug, "admin-of-"+slug, 0,
			admin.Patch{"apis": []any{object{"identifier": oauth.AdminAudience}, object{"identifier": "api-of-" + slug}}})
		d.must(err)
	}
	const issuer = "https://gatehouse.example/t/operator"
	me := func(more object) object {
		claims := object{"sub": "admin-of-evil", "client_id": "admin-of-evil", "scope": "tenants:read"}
		for name, value := range more {
			claims[name] = value
		}
		return claims
	}
	good := d.sign("evil", "at+jwt", me(nil))
	parts := strings.Split(good, ".")
	plain := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	cases := map[string]string{
		"another audience":          d.sign("evil", "at+jwt", me(object{"aud": "api-of-evil"})),
		"a list of one audience":    d.sign("evil", "at+jwt", me(object{"aud": []string{oauth.AdminAudience}})), // none of ours says it so
		"several audiences":         d.sign("evil", "at+jwt", me(object{"aud": []string{oauth.AdminAudience, "api-of-evil"}})),
		"no audience":               d.sign("evil", "at+jwt", me(object{"aud": []string{}})),
		"an audience with a slash":  d.sign("evil", "at+jwt", me(object{"aud": oauth.AdminAudience + "/"})),
		"an audience of objects":    d.sign("evil", "at+jwt", me(object{"aud": object{"x": 1}})),
		"another tenant's issuer":   d.sign("evil", "at+jwt", object{"iss": issuer, "sub": "operator", "client_id": "operator", "scope": "tenants:write"}),
		"an unknown issuer":         d.sign("evil", "at+jwt", me(object{"iss": "https://elsewhere.example"})),
		"no issuer":                 d.sign("evil", "at+jwt", me(object{"iss": ""})),
		"an issuer with a slash":    d.sign("evil", "at+jwt", me(object{"iss": "https://gatehouse.example/t/evil/"})),
		"another tenant's client":   d.sign("evil", "at+jwt", object{"sub": "admin-of-acme", "client_id": "admin-of-acme"}),
		"no client":                 d.sign("evil", "at+jwt", object{"sub": ""}),
		"an unknown user":           d.sign("evil", "at+jwt", me(object{"sub": "somebody"})),
		"another tenant's user":     d.sign("evil", "at+jwt", me(object{"sub": "user-of-acme"})),
		"whoever acts for another":  d.sign("evil", "at+jwt", me(object{"act": object{"sub": "user-of-evil"}})),
		"another client":            d.sign("evil", "at+jwt", me(object{"sub": "client-of-evil"})),
		"another type":              d.sign("evil", "JWT", me(nil)),
		"an expiry that has passed": d.sign("evil", "at+jwt", me(object{"exp": d.now.Add(-2 * time.Minute).Unix()})),
		"no algorithm":              plain(`{"alg":"none","typ":"at+jwt"}`) + "." + parts[1] + ".",
		"no signature":              parts[0] + "." + parts[1] + ".",
		"another's signature":       parts[0] + "." + strings.Split(d.sign("evil", "at+jwt", me(object{"x": 1})), ".")[1] + "." + parts[2],
		"no token at all":           "x",
		"empty parts":               "..",
		"a payload that is no JSON": parts[0] + "." + plain("x") + "." + parts[2],
		"a very long token":         good + strings.Repeat("A", keys.MaxTokenBytes),
	}
	if _, err := d.auth.Authenticate(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for name, token := range cases {
		t.Run(name, func(t *testing.T) {
			if actor, err := d.auth.Authenticate(t.Context(), token); !errors.Is(err, keys.ErrInvalidToken) {
				t.Errorf("got %+v, %v", actor, err)
			}
			if strings.ContainsAny(token, "\r\n") {
				return
			}
			r := d.do(call{method: "GET", path: "/tenants", token: token, refused: true})
			if r.status != http.StatusUnauthorized || !strings.Contains(r.header.Get("WWW-Authenticate"), `error="invalid_token"`) || strings.Contains(string(r.raw), token) {
				t.Errorf("answered %d %s, %s", r.status, r.header.Get("WWW-Authenticate"), r.raw)
			}
		})
	}
}

func TestWhatHappensToAClientHappensToItsTokens(t *testing.T) {
	d := newDesk(t)
	_, err := d.service.CreateTenant(t.Context(), everything(), admin.NewTenant{Slug: "acme", Name: "Acme"})
	d.must(err)
	token := d.administrator("acme")
	patch := func(p admin.Patch) {
		t.Helper()
		_, err := d.service.UpdateClient(t.Context(), everything(), "acme", "admin-of-acme", 0, p)
		d.must(err)
	}
	show := call{method: "GET", path: "/tenants/acme", token: token}
	d.want(200, "", show)
	patch(admin.Patch{"status": "disabled"})
	d.want(401, "invalid_token", show)
	patch(admin.Patch{"status": "active", "expires_at": d.now.Add(time.Minute)})
	d.want(200, "", show)
	d.now = d.now.Add(time.Minute)
	d.want(401, "invalid_token", show)
	patch(admin.Patch{"expires_at": nil, "apis": []any{}})
	d.want(401, "invalid_token", show)
	patch(admin.Patch{"apis": []any{object{"identifier": oauth.AdminAudience, "scopes": []any{"tenants:read"}}}})
	d.want(200, "", show)
	_, err = d.service.UpdateTenant(t.Context(), everything(), "acme", 0, admin.Patch{"status": "suspended"})
	d.must(err)
	d.want(403, "tenant_suspended", show)
	if _, err := d.auth.Authenticate(t.Context(), token+"x"); errors.Is(err, adminapi.ErrSuspended) {
		t.Error("who holds no token learns that the tenant is suspended")
	}
	_, err = d.service.UpdateTenant(t.Context(), everything(), "acme", 0, admin.Patch{"status": "active"})
	d.must(err)
	d.must(d.service.DeleteClient(t.Context(), everything(), "acme", "admin-of-acme", 0))
	d.want(401, "invalid_token", show)
}

func TestAuthorizationHeadersAreRefused(t *testing.T) {
	d := newDesk(t)
	token := d.operator()
	for name, values := range map[string][]string{
		"two headers":      {"Bearer " + token, "Bearer " + token},
		"another scheme":   {"Basic b3BlcmF0b3I6eA=="},
		"no token":         {"Bearer"},
		"an empty token":   {"Bearer "},
		"a space behind":   {"Bearer " + token + " x"},
		"a list of tokens": {"Bearer " + token + ", Bearer " + token},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), "GET", d.http.URL+"/admin/v1/tenants", nil)
			d.must(err)
			request.Header["Authorization"] = values
			answer, err := d.http.Client().Do(request)
			d.must(err)
			answer.Body.Close()
			if answer.StatusCode != http.StatusBadRequest {
				t.Errorf("answered %d", answer.StatusCode)
			}
		})
	}
	d.want(200, "", call{method: "GET", path: "/tenants", header: map[string]string{"Authorization": "bearer " + token}})
	d.want(200, "", call{method: "GET", path: "/tenants", header: map[string]string{"Authorization": "Bearer  " + token}})
	d.want(401, "unauthorized", call{method: "GET", path: "/tenants?access_token=" + token})
}
