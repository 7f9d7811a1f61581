package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// TestDialectsCannotWeaken walks every door, and shows that each is as strong as
// the standard one. That they lock out together is in dialect_lockout_test.go.
func TestDialectsCannotWeaken(t *testing.T) {
	h := street(t)
	for _, d := range doors() {
		h.each(t, d, func(t *testing.T) {
			h.clock.Advance(2 * time.Minute) // the guesses at the door before are forgotten
			h.poll()
			w := &walker{house: h, door: d, t: t}
			claims := w.opens()
			w.keepsCeilings(claims)
			w.tellsTheAuditLog(claims)
			w.needsProof()
			w.isItsTenantsOwn(claims)
			w.isClosedWithoutTheDialect()
		})
	}
	h.toldNobody(doorSecret, doorPassword, "ann-acme")
}

// walker tries one door.
type walker struct {
	*house
	door door
	t    *testing.T
}

// with knocks in the right way but for what change does.
func (w *walker) with(change func(*knock)) reply {
	w.t.Helper()
	k := right("acme")
	change(&k)
	return w.knock(w.door, k)
}

// opens returns the claims of a token that the right knock earns, by the tenant's
// host and by its path.
func (w *walker) opens() map[string]any {
	w.t.Helper()
	var claims map[string]any
	for _, path := range []string{"/t/acme", ""} {
		r := w.with(func(k *knock) {
			if k.path = path; path != "" {
				k.host = "gatehouse.example"
			}
		})
		if r.status != http.StatusOK || r.token() == "" {
			w.t.Fatalf("the right knock: %d %s", r.status, r.body)
		}
		if r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" {
			w.t.Errorf("the answer may be kept: %v", r.header)
		}
		claims = w.claims(r.token())
	}
	return claims
}

// refused fails if a token came back.
func (w *walker) refused(what string, change func(*knock)) {
	w.t.Helper()
	if r := w.with(change); r.status < 400 || r.token() != "" {
		w.t.Errorf("%s: %d %s", what, r.status, r.body)
	}
}

func (w *walker) needsProof() {
	w.t.Helper()
	if !w.door.standsIn() {
		w.refused("a wrong secret", func(k *knock) { k.secret = "wrong" })
		w.refused("no secret", func(k *knock) { k.secret = "" })
		w.refused("no client", func(k *knock) { k.client = "" })
		w.refused("another client", func(k *knock) { k.client = "nobody" })
		w.admin("PATCH", "tenants/acme/clients/of-acme", `{"status":"disabled"}`)
		w.refused("a disabled client", func(*knock) {})
		w.admin("PATCH", "tenants/acme/clients/of-acme", `{"status":"active","grant_types":[]}`)
		w.refused("a client that may not use the grant", func(*knock) {})
		w.admin("PATCH", "tenants/acme/clients/of-acme", `{`+doorGrants+`}`)
	} else {
		w.admin("PATCH", "tenants/acme/clients/"+w.door.dialect(), `{"status":"disabled"}`)
		w.refused("the client behind it is disabled", func(*knock) {})
		w.admin("PATCH", "tenants/acme/clients/"+w.door.dialect(), `{"status":"active"}`)
	}
	if w.door.personal() {
		w.refused("a wrong password", func(k *knock) { k.password = "wrong" })
		w.refused("no password", func(k *knock) { k.password = "" })
		w.refused("nobody", func(k *knock) { k.username = "nobody" })
	}
	w.admin("PATCH", "tenants/acme", `{"status":"suspended"}`)
	w.refused("a suspended tenant", func(*knock) {})
	w.admin("PATCH", "tenants/acme", `{"status":"active"}`)
}

func (w *walker) isItsTenantsOwn(claims map[string]any) {
	w.t.Helper()
	if !w.door.standsIn() {
		w.refused("the client of another tenant", func(k *knock) { k.client = "of-other" })
	}
	if w.door.personal() {
		w.refused("a person of another tenant", func(k *knock) { k.username = "ann-other" })
	}
	w.refused("a host and a path that disagree", func(k *knock) { k.path, k.client, k.username = "/t/other", "of-other", "ann-other" })
	if claims["iss"] != "http://acme.localhost" || claims["aud"] != "urn:acme" {
		w.t.Errorf("the token is of another house: %v", claims)
	}
}

func (w *walker) isClosedWithoutTheDialect() {
	w.t.Helper()
	if w.door.isStandard() {
		return
	}
	w.closed("a tenant without the dialect", func(k *knock) { *k = right("plain") })
	w.closed("a tenant without the dialect, by its path", func(k *knock) { *k = right("plain"); k.host, k.path = "gatehouse.example", "/t/plain" })
	w.admin("PATCH", "tenants/acme", `{"dialects":[]}`)
	w.closed("the dialect was switched off", func(*knock) {})
	w.admin("PATCH", "tenants/acme", `{"dialects":`+allDialects()+`}`)
}

// closed fails unless the answer is that of a path which there is not.
func (w *walker) closed(what string, change func(*knock)) {
	w.t.Helper()
	r := w.with(change)
	if r.status != http.StatusNotFound || r.body != `{"error":"not_found","error_description":"there is nothing at this path"}` {
		w.t.Errorf("%s: %d %s", what, r.status, r.body)
	}
	for name := range w.door.route.Spec().Headers {
		if r.header.Get(name) != "" {
			w.t.Errorf("%s, and answers with %s", what, name)
		}
	}
}

// keepsCeilings holds the token, and one for which more is asked, to the API's
// ceiling.
func (w *walker) keepsCeilings(claims map[string]any) {
	w.t.Helper()
	all := []map[string]any{claims}
	if r := w.with(func(k *knock) { k.seconds = "86000" }); r.token() != "" { // a refusal holds, too
		all = append(all, w.claims(r.token()))
	}
	for _, claims := range all {
		if life := claims["exp"].(float64) - claims["iat"].(float64); life > 120 {
			w.t.Errorf("a token lives for %v s, the API's ceiling is 120", life)
		}
	}
}

func (w *walker) tellsTheAuditLog(claims map[string]any) {
	w.t.Helper()
	tenant, err := w.db.Tenant(w.t.Context(), "acme")
	if err != nil {
		w.t.Fatal(err)
	}
	if w.door.grant == oauth.GrantClientCredentials { // a row for each client
		id := "of-" + strings.ReplaceAll(strings.Trim(w.door.route.Path, "/"), "/", ".")
		w.comer("acme", id)
		w.with(func(k *knock) { k.client = id })
		set, err := w.db.KeySet(w.t.Context(), tenant.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		uses, err := w.db.Uses(w.t.Context(), tenant.ID, set.Keys[0].Kid, admin.Range{})
		if err != nil || !slices.ContainsFunc(uses, func(use tenants.FirstUse) bool { return use.ClientID == id }) {
			w.t.Errorf("no row says that the key signed for the client: %v, %v", uses, err)
		}
		return
	}
	events, err := w.db.AuditEvents(w.t.Context(), tenant.ID, admin.Range{Limit: 10, Prefix: "token.issue"}, time.Time{})
	if err != nil || !slices.ContainsFunc(asMaps(events), func(e map[string]any) bool {
		return e["details"].(map[string]any)["jti"] == claims["jti"] && e["target"] == claims["sub"]
	}) {
		w.t.Errorf("no event tells of the token %v: %v, %v", claims["jti"], events, err)
	}
}

func asMaps[T any](list []T) []map[string]any {
	maps := make([]map[string]any, len(list))
	for i, one := range list {
		text, err := json.Marshal(one)
		if err != nil {
			panic(err)
		}
		if err := json.Unmarshal(text, &maps[i]); err != nil {
			panic(err)
		}
	}
	return maps
}
