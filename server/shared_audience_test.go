package server_test

import (
	"fmt"
	"net/url"
	"testing"
)

// Class A: on the shared host, where several tenants have an audience, a client that
// there is fails like one that there is not, however often.
func TestClassASharedAudiencesTellNoClient(t *testing.T) {
	h := newHouse(t)
	for _, slug := range []string{"acme", "globex"} {
		h.admin("POST", "tenants", `{"slug":"`+slug+`","name":"`+slug+`"}`)
		h.admin("POST", "tenants/"+slug+"/apis", `{"identifier":"https://api.example","name":"API"}`)
		h.admin("POST", "tenants/"+slug+"/clients", `{"client_id":"`+slug+`-1","client_secret":"s3cret","name":"C"}`)
	}
	answers := map[string][]int{}
	for _, id := range []string{"acme-1", "globex-1", "nobody"} {
		for range 25 {
			response, _ := h.post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {"wrong"}, "audience": {"https://api.example"}})
			answers[id] = append(answers[id], response.StatusCode)
		}
	}
	for id, got := range answers {
		for i, status := range got {
			if want := answers["acme-1"][i]; status != want || i == 0 && status != 401 || i == 24 && status != 429 {
				t.Errorf("%s, attempt %d: %d, want %d", id, i, status, want)
			}
		}
	}
}

// Clients that stand in for a dialect have its name in every tenant: none of them
// stands in the way of a client of that name.
func TestStandInsShareAnAudience(t *testing.T) {
	h := newHouse(t)
	for _, slug := range []string{"acme", "globex", "initech"} {
		dialects := `["dynamicweb-delivery"]`
		if slug == "initech" {
			dialects = `[]`
		}
		h.admin("POST", "tenants", `{"slug":"`+slug+`","name":"`+slug+`","dialects":`+dialects+`}`)
		h.admin("POST", "tenants/"+slug+"/apis", `{"identifier":"https://api.example","name":"API"}`)
	}
	h.admin("POST", "tenants/initech/clients", `{"client_id":"dynamicweb-delivery","client_secret":"s3cret","name":"C","grant_types":["client_credentials"],"apis":[{"identifier":"https://api.example"}]}`)
	response, answer := h.post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"dynamicweb-delivery"}, "client_secret": {"s3cret"}, "audience": {"https://api.example"}})
	if response.StatusCode != 200 {
		t.Errorf("%d %v", response.StatusCode, answer)
	}
}

// However many tenants share an audience, a request there costs the database no
// more: neither does a stranger have each of them looked into, nor a client.
func TestSharedAudiencesCostNoMoreForMany(t *testing.T) {
	h := newHouse(t)
	shared := 0
	share := func(tenants int) {
		for ; shared < tenants; shared++ {
			slug := fmt.Sprint("t", shared)
			h.admin("POST", "tenants", `{"slug":"`+slug+`","name":"`+slug+`"}`)
			h.admin("POST", "tenants/"+slug+"/apis", `{"identifier":"https://api.example","name":"API"}`)
		}
	}
	cost := func(id string, want int) uint64 {
		t.Helper()
		before := h.db.Queries()
		response, answer := h.post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {"s3cret"}, "audience": {"https://api.example"}})
		if response.StatusCode != want {
			t.Fatalf("%s: %d %v", id, response.StatusCode, answer)
		}
		return h.db.Queries() - before
	}
	share(2)
	h.admin("POST", "tenants/t1/clients", `{"client_id":"erp","client_secret":"s3cret","name":"ERP","apis":[{"identifier":"https://api.example"}]}`)
	for _, tenants := range []int{2, 12} {
		share(tenants)
		cost("erp", 200)
		cost("first", 401)
		if stranger, client := cost(fmt.Sprint("stranger", tenants), 401), cost("erp", 200); stranger > 2 || client != 0 {
			t.Errorf("with %d tenants a stranger makes %d queries, a client %d", tenants, stranger, client)
		}
	}
}
