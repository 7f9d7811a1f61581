package interop

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// go-oidc as verifier: it finds the keys by discovery, and insists that the
// metadata name the issuer that it was given.
func TestGoOIDCVerifiesThroughDiscovery(t *testing.T) {
	t.Parallel()
	tenant := newAcme(t)
	provider, err := oidc.NewProvider(t.Context(), tenant.issuer)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := provider.Verifier(&oidc.Config{ClientID: audience}).Verify(t.Context(), tenant.token(t))
	if err != nil {
		t.Fatal(err)
	}
	if verified.Subject != tenant.clientID || verified.Issuer != tenant.issuer {
		t.Errorf("got subject %s of %s, want %s of %s", verified.Subject, verified.Issuer, tenant.clientID, tenant.issuer)
	}
	if _, err := provider.Verifier(&oidc.Config{ClientID: audience + "/other"}).Verify(t.Context(), tenant.token(t)); err == nil {
		t.Error("a verifier for another audience accepted the token")
	}
	if _, err := provider.Verifier(&oidc.Config{ClientID: audience}).Verify(t.Context(), broken(tenant.token(t))); err == nil {
		t.Error("a token with a changed signature was accepted")
	}
}

// go-jose as an independent check of header, claims and signature (RFC 9068).
func TestGoJOSEReadsARFC9068Token(t *testing.T) {
	t.Parallel()
	tenant := newAcme(t)
	set := tenant.keys(t) // before the first token: a verifier may start first, and keep what it got
	token, err := jwt.ParseSigned(tenant.token(t), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	header := token.Headers[0]
	if typ := header.ExtraHeaders[jose.HeaderType]; typ != "at+jwt" {
		t.Errorf("typ is %v, want at+jwt", typ)
	}
	found := set.Key(header.KeyID)
	if len(found) != 1 || !found[0].IsPublic() || !found[0].Valid() {
		t.Fatalf("the JWKS holds %d keys %s, want one, public and valid", len(found), header.KeyID)
	}
	var claims jwt.Claims
	var more struct {
		ClientID string `json:"client_id"`
		Scope    string `json:"scope"`
	}
	if err := token.Claims(found[0].Key, &claims, &more); err != nil {
		t.Fatal(err)
	}
	if err := claims.Validate(jwt.Expected{Issuer: tenant.issuer, Subject: tenant.clientID, AnyAudience: jwt.Audience{audience}}); err != nil {
		t.Error(err)
	}
	if claims.ID == "" || more.ClientID != tenant.clientID || more.Scope != scope {
		t.Errorf("got jti %q, client_id %q, scope %q", claims.ID, more.ClientID, more.Scope)
	}
	if lives := claims.Expiry.Time().Sub(claims.IssuedAt.Time()).Seconds(); lives != 900 {
		t.Errorf("the token lives %v s, want 900", lives)
	}
	forged, err := jwt.ParseSigned(broken(tenant.token(t)), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if err := forged.Claims(found[0].Key, &claims); err == nil {
		t.Error("a changed signature verified")
	}
}

// keys fetches the tenant's JWKS.
func (a *acme) keys(t *testing.T) *jose.JSONWebKeySet {
	t.Helper()
	response, err := http.Get(a.issuer + "/.well-known/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	return &set
}

// broken changes one character in the middle of the signature.
func broken(token string) string {
	at := strings.LastIndexByte(token, '.') + 40
	other := "A"
	if token[at] == 'A' {
		other = "B"
	}
	return token[:at] + other + token[at+1:]
}
