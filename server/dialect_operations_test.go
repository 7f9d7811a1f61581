package server_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// What dialects offer beside the doors of TestDialectsCannotWeaken wants as much
// proof as the standard endpoints.
func TestDialectsOtherOperationsNeedProof(t *testing.T) {
	h := street(t)
	h.admin("POST", "tenants/acme/users", `{"id":"bob","username":"bob"}`)
	h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"user":"ann"},"target":{"user":"bob"}}`)
	ofTheClient := h.standardToken("acme", oauth.GrantClientCredentials)
	ofAnotherClient := h.standardToken("acme", oauth.GrantPassword)
	ofAnotherTenant := h.standardToken("other", oauth.GrantPassword)
	bearers := h.standInTokens()
	for _, d := range besideTheDoors() {
		h.each(t, d, func(t *testing.T) {
			for what, k := range map[string]knock{
				"nothing":                     {host: "acme.localhost"},
				"no token":                    {host: "acme.localhost", bearer: "x.y.z"},
				"a client's token":            {host: "acme.localhost", bearer: ofTheClient},
				"a token of another client":   {host: "acme.localhost", bearer: ofAnotherClient},
				"a token of another tenant":   {host: "acme.localhost", bearer: ofAnotherTenant},
				"a wrong secret":              {host: "acme.localhost", client: "of-acme", secret: "wrong"},
				"a wrong secret and password": {host: "acme.localhost", client: "of-acme", secret: "wrong", username: "ann-acme", password: "wrong"},
			} {
				if r := h.knock(d, k); r.status < 400 || r.status >= 500 {
					t.Errorf("with %s: %d %s", what, r.status, r.body)
				}
			}
			if r := h.knock(d, right("plain")); r.status != http.StatusNotFound {
				t.Errorf("a tenant without the dialect: %d %s", r.status, r.body)
			}
			h.standsBehind(t, d, bearers[d.dialect()], ofAnotherClient, ofTheClient)
		})
	}
}

// besideTheDoors returns the routes of dialects that are neither doors nor public.
func besideTheDoors() []door {
	var some []door
	for _, d := range routes() {
		walked := slices.ContainsFunc(doors(), func(walked door) bool { return walked.route.Key() == d.route.Key() })
		if !publicDocument(d) && !walked && !d.isStandard() {
			some = append(some, d)
		}
	}
	return some
}

// publicDocument reports whether the route is there for everyone.
func publicDocument(d door) bool {
	return slices.Contains([]dialects.Operation{dialects.Metadata, dialects.JWKS, dialects.KeySchedule}, d.route.Operation)
}

// standsBehind shows that a route which names no client is as its client is, with
// a token of that client and, where it takes one, with another's for its API, but
// with none that speaks for nobody.
func (h *house) standsBehind(t *testing.T, d door, own, another, nobodys string) {
	t.Helper()
	if d.route.Spec().Client == nil || d.route.ReadsSession() { // the transcripts have cookies
		return
	}
	client := "tenants/acme/clients/" + d.dialect()
	ways := []knock{right("acme")}
	switch d.route.Operation {
	case dialects.SignIn:
	case dialects.Profile, dialects.Impersonatees, dialects.APIKeyCreate:
		h.admin("PATCH", client, `{"resource_server_for":["urn:acme"]}`)
		defer h.admin("PATCH", client, `{"resource_server_for":[]}`)
		ways = []knock{{host: "acme.localhost", bearer: own}, {host: "acme.localhost", bearer: another}}
		if r := h.knock(d, knock{host: "acme.localhost", bearer: nobodys}); r.status != http.StatusForbidden && r.status != http.StatusUnauthorized {
			t.Errorf("a client's own token for its API: %d %s", r.status, r.body)
		}
	default:
		ways = []knock{{host: "acme.localhost", bearer: own, username: "bob"}}
	}
	for _, k := range ways {
		if r := h.knock(d, k); r.status >= 400 && d.route.Operation != dialects.APIKeyCreate { // which wants a name
			t.Fatalf("the right knock: %d %s", r.status, r.body)
		}
		h.admin("PATCH", client, `{"status":"disabled"}`)
		if r := h.knock(d, k); r.status != http.StatusForbidden && r.status != http.StatusUnauthorized {
			t.Errorf("the client behind it is disabled: %d %s", r.status, r.body)
		}
		h.admin("PATCH", client, `{"status":"active"}`)
	}
}

// standardToken gets a token of the tenant's client from the standard endpoint.
func (h *house) standardToken(slug, grant string) string {
	h.t.Helper()
	r := h.knock(door{builtin().Standard().Routes[0], grant}, right(slug))
	if r.token() == "" {
		h.t.Fatalf("%s by %s: %d %s", slug, grant, r.status, r.body)
	}
	return r.token()
}

// standInTokens gets a token of a person for each dialect in which a client stands
// in, from the first endpoint that gives one for a password.
func (h *house) standInTokens() map[string]string {
	h.t.Helper()
	tokens := map[string]string{}
	for _, d := range doors() {
		if d.standsIn() && d.personal() && tokens[d.dialect()] == "" {
			tokens[d.dialect()] = h.knock(d, right("acme")).token()
		}
	}
	return tokens
}
