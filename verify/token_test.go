package verify_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/verify"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func signPKCS1(input string) ([]byte, error) {
	digest := sha256.Sum256([]byte(input))
	return rsa.SignPKCS1v15(rand.Reader, pool()[0], crypto.SHA256, digest[:])
}

func TestATokenSaysWhatItsClaimsSay(t *testing.T) {
	issuer := rsaIssuer(t)
	v := newVerifier(t, newClock().Now, issuer)
	token, err := v.Verify(t.Context(), issuer.token(t,
		set("aud", []string{"https://other.example", audience}),
		set("groups", []string{"staff", "a \"quoted\" one"}),
		set("https://claims.example/tenant_id", "t-7"),
		set("act", map[string]any{"sub": "admin", "client_id": "desk", "act": map[string]any{"sub": "root"}}),
	))
	if err != nil {
		t.Fatal(err)
	}
	want := &verify.Token{
		Issuer: issuer.URL, Subject: "user-1", ClientID: "erp", ID: "j1",
		Audience: []string{"https://other.example", audience},
		Scopes:   []string{"data", "read"},
		Groups:   []string{"staff", "a \"quoted\" one"},
		Expires:  start.Add(15 * time.Minute), IssuedAt: start, NotBefore: start,
		Actor: &verify.Actor{Subject: "admin", ClientID: "desk", Actor: &verify.Actor{Subject: "root"}},
	}
	if diff := cmp.Diff(want, token, cmpopts.IgnoreUnexported(verify.Token{}), cmpopts.EquateApproxTime(0)); diff != "" {
		t.Error(diff)
	}
	var more struct {
		Tenant string `json:"https://claims.example/tenant_id"`
	}
	if err := token.Claims(&more); err != nil || more.Tenant != "t-7" {
		t.Errorf("tenant %q, %v", more.Tenant, err)
	}
}

func TestScopesAreReadFromTextAndFromArrays(t *testing.T) {
	issuer := rsaIssuer(t)
	v := newVerifier(t, newClock().Now, issuer)
	for _, test := range []struct {
		scope any
		want  []string
	}{
		{"data read", []string{"data", "read"}},
		{[]string{"mail", "roles"}, []string{"mail", "roles"}},
		{"", []string{}},
		{[]string{}, nil},
		{nil, nil},
		{json.RawMessage("null"), nil},
		{json.RawMessage(`[ "a" , "b\u0020c" ]`), []string{"a", "b c"}},
	} {
		token, err := v.Verify(t.Context(), issuer.token(t, set("scope", test.scope)))
		if err != nil {
			t.Errorf("%v: %v", test.scope, err)
			continue
		}
		if diff := cmp.Diff(test.want, token.Scopes); diff != "" {
			t.Errorf("%v: %s", test.scope, diff)
		}
	}
}

func TestHasScopesDemandsEveryOneExactly(t *testing.T) {
	token := &verify.Token{Scopes: []string{"data", "read"}}
	for _, test := range []struct {
		scopes []string
		want   bool
	}{
		{nil, true},
		{[]string{"data"}, true},
		{[]string{"read", "data"}, true},
		{[]string{"data", "write"}, false},
		{[]string{"Data"}, false},
		{[]string{"dat"}, false},
	} {
		if got := token.HasScopes(test.scopes...); got != test.want {
			t.Errorf("%v: %v", test.scopes, got)
		}
	}
}
