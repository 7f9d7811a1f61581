package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// The metadata of a dialect names the methods that its token endpoint takes, and no
// others; algorithms of assertions only where it takes one.
func TestMetadataOfADialectNamesTheMethodsThatItTakes(t *testing.T) {
	h := newHouse(t)
	h.admin(http.MethodPost, "tenants", `{"slug":"acme","name":"Acme","hosts":["acme.localhost"]}`)
	h.admin(http.MethodPost, "tenants/acme/clients", `{"client_id":"tv","name":"TV","grant_types":["`+oauth.GrantDeviceCode+`"],"token_endpoint_auth_method":"none"}`)
	tenant, err := h.db.Tenant(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	tenant.Dialects = []string{"acme"}
	if err := h.db.UpdateTenant(t.Context(), tenant, tenants.AuditEvent{ID: "e", TenantID: tenant.ID, At: h.clock.Now(), Action: "tenant.update"}); err != nil {
		t.Fatal(err)
	}
	for ways, want := range map[string][]string{
		"[basic_raw]":       {"client_secret_basic"},
		"[body, none]":      {"client_secret_post", "none"},
		"[assertion, body]": {"client_secret_post", "private_key_jwt", "client_secret_jwt"},
	} {
		set, err := withRoute(t, `{ method: POST, path: /acme/token, operation: token, client: `+ways+`, answer: [{ name: token, value: access_token }] }
  - { method: GET, path: /acme/metadata, operation: metadata }`)
		if err != nil {
			t.Fatal(err)
		}
		parts := h.server.Parts
		parts.Dialects = set
		request := httptest.NewRequest(http.MethodGet, "http://acme.localhost/acme/metadata", nil)
		answer := httptest.NewRecorder()
		server.New(h.server.Config, parts).Handler().ServeHTTP(answer, request)
		var got struct {
			Methods []string `json:"token_endpoint_auth_methods_supported"`
			Algs    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
		if diff := cmp.Diff(want, got.Methods); diff != "" {
			t.Errorf("%s: %s", ways, diff)
		}
		if (len(got.Algs) > 0) != (len(want) == 3) {
			t.Errorf("%s: algorithms %v", ways, got.Algs)
		}
	}
}
