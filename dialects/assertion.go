package dialects

import (
	"strings"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// byAssertion reads the credentials of RFC 7523 section 2.2. Who the assertion
// says that it is from is not true before the signature is verified.
func byAssertion(text, kind, bodyID string) (oauth.Credentials, error) {
	refuse := func(reason oauth.Reason, description string) (oauth.Credentials, error) {
		return oauth.Credentials{}, oauth.Errorf(oauth.InvalidClient, reason, "%s", description)
	}
	if kind != oauth.ClientAssertionJWT {
		return refuse(oauth.ReasonMalformed, "client_assertion_type must be "+oauth.ClientAssertionJWT)
	}
	token, err := assertion.Read(text)
	if err != nil {
		return refuse(oauth.ReasonMalformed, "the client assertion cannot be read: "+err.Error())
	}
	id := token.Claims.Subject
	if id == "" {
		return refuse(oauth.ReasonMissing, "the client assertion has no sub")
	}
	if bodyID != "" && bodyID != id {
		return refuse(oauth.ReasonConflict, "client_id is not the sub of the client assertion")
	}
	// The header only says which method is tried: each has keys of its own, and
	// a client has one of them.
	method := oauth.AuthPrivateKeyJWT
	if strings.HasPrefix(token.Alg, "HS") {
		method = oauth.AuthSecretJWT
	}
	return oauth.Credentials{Method: method, Readings: []oauth.Pair{{ClientID: id}}, Assertion: text}, nil
}
