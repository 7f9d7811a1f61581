package server_test

import (
	"net/http"
	"net/url"
	"testing"
)

// Whether the audience is of the tenant that the path names is known from memory,
// be it so or not, and of audiences that nobody has.
func TestAgreementOfPathAndAudienceCostsNoQuery(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.admin("POST", "tenants", `{"slug":"globex","name":"Globex"}`)
	h.admin("POST", "tenants/globex/apis", `{"identifier":"https://api.globex.example","name":"API"}`)
	for audience, want := range map[string]int{"https://api.acme.example": http.StatusOK, "https://api.globex.example": http.StatusBadRequest, "https://nobody.example": http.StatusBadRequest} {
		ask := func() {
			response, answer := h.post("/t/acme/oauth2/token", url.Values{
				"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"}, "audience": {audience},
			})
			if response.StatusCode != want {
				t.Fatalf("%s: %s %v", audience, response.Status, answer)
			}
		}
		ask()
		h.poll()
		ask()
		before := h.db.Queries()
		for range 20 {
			ask()
		}
		if queries := h.db.Queries() - before; queries != 0 {
			t.Errorf("20 requests for %s made %d queries", audience, queries)
		}
	}
}
