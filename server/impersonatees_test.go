package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Who asks for no size gets a page of the usual one, and is told where it goes on;
// where a dialect's answer has no place for that, nobody is left out in silence.
func TestListWithoutAWayOnIsWhole(t *testing.T) {
	h := street(t)
	h.admin("POST", "tenants/acme/groups", `{"name":"customers"}`)
	h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"user":"ann"},"target":{"group":"customers"}}`)
	for i := range grants.DefaultImpersonatees + 1 {
		h.admin("POST", "tenants/acme/users", fmt.Sprintf(`{"id":"c-%d","username":"c-%d","groups":["customers"]}`, i, i))
	}
	_, page := h.do("GET", "/t/acme/oauth2/impersonatees", "", "", h.standardToken("acme", oauth.GrantPassword))
	if items, _ := page["items"].([]any); len(items) != grants.DefaultImpersonatees || page["next_page_token"] == nil {
		t.Errorf("a page of %d, and then %v", len(items), page["next_page_token"])
	}
	request, err := http.NewRequest("GET", h.http.URL+"/t/acme/dwapi/users/impersonatees", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "gatehouse.example"
	request.Header.Set("Authorization", "Bearer "+h.standInTokens()["dynamicweb-delivery"])
	response, err := h.roundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all []any
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil || len(all) != grants.DefaultImpersonatees+1 {
		t.Errorf("a list of %d, %v", len(all), err)
	}
}
