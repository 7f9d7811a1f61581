package server_test

import (
	"net/http"
	"net/url"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
)

// signedBy asks for a token as that client and returns the kid of its key.
func (h *house) signedBy(clientID string) string {
	h.t.Helper()
	response, answer := h.post("/t/acme/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {"s3cret"},
	})
	if response.StatusCode != http.StatusOK {
		h.t.Fatal(response.Status, answer)
	}
	jws, err := jose.ParseSignedCompact(answer["access_token"].(string), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		h.t.Fatal(err)
	}
	return jws.Signatures[0].Header.KeyID
}

// The report of a revocation names every client that has tokens of the key: a
// node that has not heard of it yet gives no client its first one.
func TestNoClientGetsItsFirstTokenFromARevokedKey(t *testing.T) {
	a, b := twoHouses(t)
	a.admin("POST", "tenants/acme/clients", `{"client_id":"107","client_secret":"s3cret","name":"CRM","grant_types":["client_credentials"],"apis":[{"identifier":"https://api.acme.example","scopes":["data"]}]}`)
	b.poll()
	kid := b.signedBy("106")
	report := a.admin("POST", "tenants/acme/signing-keys/"+kid+"/revoke", `{}`)
	if clients := report["clients"].([]any); len(clients) != 1 || clients[0] != "106" {
		t.Errorf("the report names %v", clients)
	}
	if by := b.signedBy("106"); by != kid {
		t.Errorf("the other node has heard of the revocation: the test shows nothing")
	}
	if by := b.signedBy("107"); by == kid {
		t.Error("a client that the report does not name got a token of the revoked key")
	}
}
