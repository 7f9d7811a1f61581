package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

func TestSecretsComeAndGo(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.client("acme", "c")
	soon := h.now.Add(time.Hour)
	added, err := h.AddSecret(t.Context(), operator(), "acme", "c", admin.NewSecret{Secret: "an imported secret", ExpiresAt: &soon})
	wantNone(t, err)
	if added.Text != "an imported secret" || added.Hint != "cret" || !added.ExpiresAt.Equal(soon) {
		t.Errorf("got %+v", added)
	}
	_, err = h.AddSecret(t.Context(), operator(), "acme", "c", admin.NewSecret{Secret: "an imported secret"})
	wantError(t, err, admin.CodeExists, "secret")
	_, err = h.AddSecret(t.Context(), operator(), "acme", "c", admin.NewSecret{ExpiresAt: &h.now})
	wantError(t, err, admin.CodeInvalid, "expires_at")
	short, err := h.AddSecret(t.Context(), operator(), "acme", "c", admin.NewSecret{Secret: "a+b%2Fc"})
	wantNone(t, err)
	if short.Hint != "" {
		t.Errorf("the hint %q gives away much of a short secret", short.Hint)
	}
	page, err := h.Secrets(t.Context(), operator(), "acme", "c", admin.Query{})
	wantNone(t, err)
	if len(page.Items) != 3 {
		t.Fatalf("got %d secrets, want 3", len(page.Items))
	}
	wantNone(t, h.RevokeSecret(t.Context(), operator(), "acme", "c", added.ID))
	wantError(t, h.RevokeSecret(t.Context(), operator(), "acme", "c", added.ID), admin.CodeNotFound, "")
	h.client("acme", "other")
	wantError(t, h.RevokeSecret(t.Context(), operator(), "acme", "other", short.ID), admin.CodeNotFound, "")
	wantError(t, h.RevokeSecret(t.Context(), operator(), "acme", "c", "\x00"), admin.CodeNotFound, "")
}

func TestAClientHasTenLiveSecretsAtMost(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.client("acme", "c")
	soon := h.now.Add(time.Hour)
	for range 9 {
		_, err := h.AddSecret(t.Context(), operator(), "acme", "c", admin.NewSecret{ExpiresAt: &soon})
		wantNone(t, err)
	}
	_, err := h.AddSecret(t.Context(), operator(), "acme", "c", admin.NewSecret{})
	wantError(t, err, admin.CodeInUse, "", "10")
	h.now = soon
	_, err = h.AddSecret(t.Context(), operator(), "acme", "c", admin.NewSecret{})
	wantNone(t, err)
}

func TestAuditEventsNameTheActorAndNoSecret(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.api("acme", "api", "data")
	made := h.client("acme", "c", access("api", "data"))
	added, err := h.AddSecret(t.Context(), operator(), "acme", "c", admin.NewSecret{Secret: "canary of another system"})
	wantNone(t, err)
	wantNone(t, h.RevokeSecret(t.Context(), operator(), "acme", "c", added.ID))
	_, err = h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"name": "Other", "status": "disabled"})
	wantNone(t, err)
	_, err = h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"name": "Other"})
	wantNone(t, err)
	_, err = h.UpdateAPI(t.Context(), operator(), "acme", "api", 0, admin.Patch{"name": "Other"})
	wantNone(t, err)
	wantNone(t, h.DeleteClient(t.Context(), operator(), "acme", "c", 0))
	wantNone(t, h.DeleteAPI(t.Context(), operator(), "acme", "api", 0))
	var actions []string
	for _, e := range h.events("acme") {
		actions = append(actions, e.Action)
		if e.Actor != "cli:test" || e.RequestID != "request-1" || e.Address != "192.0.2.1" || !e.At.Equal(h.now) || e.Target == "" {
			t.Errorf("got %+v", e)
		}
		for _, secret := range []string{made.Secret, added.Text, made.Secret[14:]} {
			if text := describe(e); strings.Contains(text, secret) {
				t.Errorf("a secret is in %s", text)
			}
		}
		if e.Action == "client.update" && describe(e.Details["changed"]) != "[name status]" {
			t.Errorf("changed: %v", e.Details)
		}
	}
	wantList(t, actions, "api.delete", "client.delete", "api.update", "tenant.update", "client.update",
		"client.secret.revoke", "client.secret.add", "client.create", "api.create", "tenant.create")
}

// A secret that nothing asks for is made for no client.
func TestClientsThatProveNothingGetNoSecret(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	_, err := h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"dialects": []any{"swift"}})
	wantNone(t, err)
	_, err = h.CreateClient(t.Context(), operator(), "acme", admin.NewClient{ID: "app", ClientSettings: admin.ClientSettings{Name: "App", AuthMethod: oauth.AuthNone}})
	wantNone(t, err)
	for id, method := range map[string]string{"app": "none", "swift": "dialect"} {
		_, err := h.AddSecret(t.Context(), operator(), "acme", id, admin.NewSecret{})
		wantError(t, err, admin.CodeInvalid, "", method)
	}
}
