package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Class R: who has a copy of the database, and not the master key, has nothing to
// sign with and nothing to sign in with, nor a hash to try guesses on, those of
// passwords apart.
func TestClassRACopyOfTheDatabaseYieldsNothing(t *testing.T) {
	h, dump := houseWithDump(t)
	h.seed()
	h.ask()
	const password = "correct-horse-battery-staple"
	h.admin("POST", "tenants/acme/users", `{"id":"ann","username":"ann","password":"`+password+`"}`)
	secret, _ := h.admin("POST", "tenants/acme/clients/106/secrets", `{}`)["secret"].(string)
	apiKey, _ := h.admin("POST", "tenants/acme/users/ann/api-keys", `{"name":"cli","prefix":"cli"}`)["key"].(string)
	signing, _ := h.admin("POST", "tenants/acme/clients", `{"name":"signs","token_endpoint_auth_method":"client_secret_jwt"}`)["client_secret"].(string)
	acme, err := h.db.Tenant(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := h.db.Pepper(t.Context(), acme.ID)
	if err != nil {
		t.Fatal(err)
	}
	pepper, err := sealer(t).Open(sealed.Sealed, keys.PurposePepper, acme.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	hidden := map[string][]byte{
		"a generated client secret": []byte(secret), "an imported one": []byte("s3cret"), "one that signs": []byte(signing),
		"the operator's": []byte(operatorSecret), "an API key": []byte(apiKey), "a password": []byte(password), "the pepper": pepper,
	}
	for i := range 8 {
		for _, prime := range keystest.RSA(2048, i).Primes {
			hidden["a signing key of the pool, prime "+prime.Text(62)[:4]] = prime.Bytes()
		}
	}
	copied := dump("")
	for _, table := range []string{"clients", "client_secrets", "users", "api_keys", "signing_keys", "peppers"} {
		if !strings.Contains(copied, "\n"+table+"\n") {
			t.Fatalf("%s is not among the tables", table)
		}
	}
	if !strings.Contains(copied, string(sealed.Sealed)) || !strings.Contains(copied, tenants.OperatorSlug) {
		t.Fatal("the copy is not whole")
	}
	for name, plain := range hidden {
		if len(plain) < 6 {
			t.Fatalf("%s is %q", name, plain)
		}
		hash := sha256.Sum256(plain)
		for _, form := range []string{
			string(plain), hex.EncodeToString(plain), base64.StdEncoding.EncodeToString(plain), base64.RawURLEncoding.EncodeToString(plain),
			string(hash[:]), hex.EncodeToString(hash[:]), base64.RawURLEncoding.EncodeToString(hash[:]),
		} {
			if strings.Contains(copied, form) {
				t.Errorf("the database holds %s as %q", name, form)
			}
		}
	}
}
