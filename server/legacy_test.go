package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// The report says which client uses which endpoint of a dialect, counts only
// what succeeded, and says nothing of the standard endpoints.
func TestLegacyUseIsReported(t *testing.T) {
	h := newHouse(t)
	h.admin(http.MethodPost, "tenants", `{"slug":"dc","name":"DC","dialects":["dealcloud"]}`)
	h.admin(http.MethodPost, "tenants/dc/clients", `{"client_id":"106","client_secret":"secret-secret-secret","name":"ERP","grant_types":["client_credentials"]}`)
	form := func(secret string) url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {secret}}
	}
	ask := func(path, secret string, want int) {
		t.Helper()
		if response, body := h.post("/t/dc"+path, form(secret)); response.StatusCode != want {
			t.Fatalf("%s: %s %v", path, response.Status, body)
		}
	}
	report := func() []any {
		t.Helper()
		if err := h.legacy.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		return h.admin(http.MethodGet, "tenants/dc/legacy-uses", "")["items"].([]any)
	}
	ask("/oauth2/token", "secret-secret-secret", 200)
	ask("/api/rest/v1/oauth/token", "wrong", 401)
	if items := report(); len(items) != 0 {
		t.Errorf("reported: %v", items)
	}
	ask("/api/rest/v1/oauth/token", "secret-secret-secret", 200)
	ask("/api/rest/v1/oauth/token", "secret-secret-secret", 200)
	report()
	h.clock.Advance(time.Minute)
	h.poll()
	ask("/api/rest/v1/oauth/token", "secret-secret-secret", 200)
	items := report()
	if len(items) != 1 {
		t.Fatalf("reported: %v", items)
	}
	use := items[0].(map[string]any)
	if use["client_id"] != "106" || use["dialect"] != "dealcloud" || use["path"] != "/api/rest/v1/oauth/token" || use["count"] != 3.0 ||
		use["last_used_at"] != h.clock.Now().UTC().Format(time.RFC3339) {
		t.Errorf("reported: %v", use)
	}
}

// Two routes that are told apart by grant type are one endpoint, and make one row.
func TestLegacyUseOfRoutesOfOnePathIsOneRow(t *testing.T) {
	h := street(t)
	for _, d := range doors() {
		if d.route.Path != "/dw/oauth2/access_token" {
			continue
		}
		if got := h.knock(d, right("acme")); got.status != 200 {
			t.Fatalf("%s: %d %s", d.name(), got.status, got.body)
		}
	}
	if err := h.legacy.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	items := h.admin(http.MethodGet, "tenants/acme/legacy-uses", "")["items"].([]any)
	if len(items) != 1 || items[0].(map[string]any)["count"] != 3.0 {
		t.Errorf("reported: %v", items)
	}
}

// A device that begins its flow by an endpoint of a dialect uses it, too.
func TestLegacyUseOfDevicesIsReported(t *testing.T) {
	h := newHouse(t)
	h.admin(http.MethodPost, "tenants", `{"slug":"hub","name":"Hub","dialects":["content-hub-one"]}`)
	h.admin(http.MethodPost, "tenants/hub/clients", `{"client_id":"cli","name":"CLI","token_endpoint_auth_method":"none","grant_types":["urn:ietf:params:oauth:grant-type:device_code"]}`)
	for _, path := range []string{"/t/hub/oauth/device/code", "/t/hub/oauth2/device_authorization"} {
		if response, body := h.post(path, url.Values{"client_id": {"cli"}}); response.StatusCode != 200 {
			t.Fatalf("%s: %s %v", path, response.Status, body)
		}
	}
	h.post("/t/hub/oauth/device/code", url.Values{"client_id": {"nobody"}})
	if err := h.legacy.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	items := h.admin(http.MethodGet, "tenants/hub/legacy-uses", "")["items"].([]any)
	if len(items) != 1 || items[0].(map[string]any)["path"] != "/oauth/device/code" || items[0].(map[string]any)["count"] != 1.0 {
		t.Errorf("reported: %v", items)
	}
}

// legacyStore is where uses of dialects are stored.
type legacyStore func([]tenants.LegacyUse) error

func (store legacyStore) AddLegacyUses(_ context.Context, uses []tenants.LegacyUse) error {
	return store(uses)
}

// What could not be stored is stored the next time, together with what came
// meanwhile.
func TestLegacyUseIsKeptUntilItIsStored(t *testing.T) {
	h := newHouse(t)
	h.admin(http.MethodPost, "tenants", `{"slug":"dc","name":"DC","dialects":["dealcloud"]}`)
	h.admin(http.MethodPost, "tenants/dc/clients", `{"client_id":"106","client_secret":"secret-secret-secret","name":"ERP","grant_types":["client_credentials"]}`)
	parts, began := h.server.Parts, h.clock.Now()
	var front http.Handler
	ask := func() {
		t.Helper()
		request := httptest.NewRequest(http.MethodPost, publicURL+"/t/dc/api/rest/v1/oauth/token",
			strings.NewReader("grant_type=client_credentials&client_id=106&client_secret=secret-secret-secret"))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		if front.ServeHTTP(answer, request); answer.Code != http.StatusOK {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
	}
	var stored []tenants.LegacyUse
	away := true
	parts.Legacy = server.NewLegacyLog(legacyStore(func(uses []tenants.LegacyUse) error {
		if away {
			h.clock.Advance(time.Second)
			ask()
			return tenants.ErrUnavailable
		}
		stored = uses
		return nil
	}), h.clock.Now)
	front = server.New(h.server.Config, parts).Handler()
	ask()
	for _, want := range []error{tenants.ErrUnavailable, tenants.ErrUnavailable, nil} {
		away = want != nil
		if err := parts.Legacy.Flush(t.Context()); !errors.Is(err, want) {
			t.Fatalf("%v, want %v", err, want)
		}
	}
	if len(stored) != 1 || stored[0].Count != 3 || !stored[0].FirstUsedAt.Equal(began) || !stored[0].LastUsedAt.Equal(h.clock.Now()) {
		t.Errorf("stored: %+v", stored)
	}
}

// What is asked with a token of the dialect's, and signing in, is use of it, too.
func TestLegacyUseOfOtherOperationsIsReported(t *testing.T) {
	h := street(t)
	tokens, missing := h.standInTokens(), map[any]bool{}
	for _, d := range besideTheDoors() {
		k := right("acme")
		switch d.route.Operation {
		case dialects.Profile, dialects.Impersonatees:
			k = knock{host: "acme.localhost", bearer: tokens[d.dialect()]}
		case dialects.SignIn:
		default:
			continue
		}
		if r := h.knock(d, k); r.status >= 400 {
			t.Fatalf("%s: %d %s", d.name(), r.status, r.body)
		}
		missing[d.route.Path] = true
	}
	if err := h.legacy.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, use := range h.admin(http.MethodGet, "tenants/acme/legacy-uses", "")["items"].([]any) {
		delete(missing, use.(map[string]any)["path"])
	}
	if len(missing) > 0 {
		t.Errorf("not reported: %v", missing)
	}
}
