package assertion_test

import (
	"crypto"
	"encoding/json"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

// jwk returns the JWK of a key with members changed, or taken away by nil.
func jwk(t testing.TB, key *assertion.Key, change ...any) []byte {
	t.Helper()
	data, err := key.JWK()
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(change); i += 2 {
		if members[change[i].(string)] = change[i+1]; change[i+1] == nil {
			delete(members, change[i].(string))
		}
	}
	if data, err = json.Marshal(members); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestJWKs(t *testing.T) {
	rsaKey := keyOf(t, "RS256", keystest.RSA(2048, 0))
	all := pairs(t)
	ec, ed := keyOf(t, "ES256", all["ES256"]), keyOf(t, "EdDSA", all["EdDSA"])
	n := string(base64(keystest.RSA(2048, 0).N.Bytes()))
	for _, test := range []struct {
		name, alg string
		jwk       []byte
		want      string // the alg; empty: refused
	}{
		{"as it is", "", jwk(t, rsaKey), "RS256"},
		{"without alg", "", jwk(t, rsaKey, "alg", nil), "RS256"},
		{"without alg, wanted for PS256", "PS256", jwk(t, rsaKey, "alg", nil), "PS256"},
		{"alg PS256", "", jwk(t, rsaKey, "alg", "PS256"), "PS256"},
		{"alg RS384", "", jwk(t, rsaKey, "alg", "RS384"), ""},
		{"alg HS256", "", jwk(t, rsaKey, "alg", "HS256"), ""},
		{"alg none", "", jwk(t, rsaKey, "alg", "none"), ""},
		{"wanted for its own", "RS256", jwk(t, rsaKey), "RS256"},
		{"two algs", "PS256", jwk(t, rsaKey), ""},
		{"wanted for ES256", "ES256", jwk(t, rsaKey, "alg", nil), ""},
		{"use enc", "", jwk(t, rsaKey, "use", "enc"), ""},
		{"use is a list", "", jwk(t, rsaKey, "use", []string{"enc"}), ""},
		{"no use", "", jwk(t, rsaKey, "use", nil), "RS256"},
		{"key_ops verify", "", jwk(t, rsaKey, "key_ops", []string{"verify"}), "RS256"},
		{"key_ops encrypt", "", jwk(t, rsaKey, "key_ops", []string{"encrypt"}), ""},
		{"exponent 2^64 + 65537", "", jwk(t, rsaKey, "e", "AQAAAAAAAQAB"), ""},
		{"exponent 2^32 - 1", "", jwk(t, rsaKey, "e", "_____w"), ""},
		{"exponent 3", "", jwk(t, rsaKey, "e", "Aw"), ""},
		{"no exponent", "", jwk(t, rsaKey, "e", nil), ""},
		{"no modulus", "", jwk(t, rsaKey, "n", nil), ""},
		{"16k modulus", "", jwk(t, rsaKey, "n", strings.Repeat("_", 2731)), ""},
		{"modulus is a number", "", jwk(t, rsaKey, "n", 5), ""},
		{"padded modulus", "", jwk(t, rsaKey, "n", strings.Repeat("_", 344)+"="), ""},
		{"modulus with a line break", "", jwk(t, rsaKey, "n", n[:10]+"\n"+n[10:]), ""},
		{"padded exponent", "", jwk(t, rsaKey, "e", "AQAB="), ""},
		{"EC", "", jwk(t, ec), "ES256"},
		{"EC off its curve", "", jwk(t, ec, "x", strings.Repeat("A", 43)), ""},
		{"EC, short x", "", jwk(t, ec, "x", "AA"), ""},
		{"EC as OKP", "", jwk(t, ec, "kty", "OKP"), ""},
		{"EC P-521", "", jwk(t, ec, "crv", "P-521"), ""},
		{"EC secp256k1", "", jwk(t, ec, "crv", "secp256k1"), ""},
		{"EC for RS256", "RS256", jwk(t, ec, "alg", nil), ""},
		{"EdDSA", "", jwk(t, ed), "EdDSA"},
		{"EdDSA by its newer name", "", jwk(t, ed, "alg", "Ed25519"), "EdDSA"},
		{"EdDSA as EC", "", jwk(t, ed, "kty", "EC"), ""},
		{"Ed448", "", jwk(t, ed, "crv", "Ed448"), ""},
		{"X25519", "", jwk(t, ed, "crv", "X25519", "alg", nil), ""},
		{"Ed25519, short", "", jwk(t, ed, "x", "AAAA"), ""},
		{"no kty", "", jwk(t, rsaKey, "kty", nil), ""},
		{"no object", "", []byte(`[]`), ""},
		{"null", "", []byte(`null`), ""},
		{"noise", "", []byte(`{`), ""},
		{"a set", "", []byte(`{"keys":[]}`), ""},
	} {
		key, err := assertion.ImportJWK(test.jwk, test.alg)
		if got := algOf(key); got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}

func algOf(key *assertion.Key) string {
	if key == nil {
		return ""
	}
	return key.Alg
}

func TestJWKSLeavesOutWhatCannotVerify(t *testing.T) {
	key := keyOf(t, "RS256", keystest.RSA(2048, 0))
	set := `{"keys":[` + string(jwk(t, key, "kid", "a")) + `,{"kty":"oct","k":"AAAA"},{"kty":"new"},5,` + string(jwk(t, key, "kid", "b", "use", "enc")) + `,` + string(jwk(t, key, "kid", "c")) + `]}`
	list, err := assertion.ParseJWKS([]byte(set))
	if err != nil || len(list) != 2 || list[0].ID != "a" || list[1].ID != "c" {
		t.Errorf("got %v, %v", list, err)
	}
	many := `{"keys":[` + strings.Repeat(string(jwk(t, key))+",", 500) + string(jwk(t, key)) + `]}`
	if list, err = assertion.ParseJWKS([]byte(many)); err != nil || len(list) != 100 {
		t.Errorf("of 501 keys %d were read, %v", len(list), err)
	}
	for _, bad := range []string{``, `[]`, `{}`, `{"keys":{}}`, `{"keys":null}`, strings.Repeat(`[`, 100_000), `<html>`} {
		if list, err := assertion.ParseJWKS([]byte(bad)); err == nil {
			t.Errorf("%.20q was read as %v", bad, list)
		}
	}
}

func FuzzJWKImport(f *testing.F) {
	for alg, private := range pairs(f) {
		f.Add(string(jwk(f, keyOf(f, alg, private))), "")
	}
	f.Add(`{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}`, "PS256")
	f.Fuzz(func(t *testing.T, text, alg string) {
		key, err := assertion.ImportJWK([]byte(text), alg)
		if err != nil {
			return
		}
		// What we take is the same key to another implementation, and nothing is lost
		// when we write it down.
		var other jose.JSONWebKey
		if err := other.UnmarshalJSON([]byte(text)); err == nil && !other.IsPublic() {
			t.Fatalf("%q is private", text)
		} else if err == nil && other.Key != nil {
			if same, ok := key.Public.(interface{ Equal(crypto.PublicKey) bool }); ok && !same.Equal(other.Key) {
				t.Fatalf("%q is another key to go-jose", text)
			}
		}
		again, err := assertion.ImportJWK(jwk(t, key), "")
		if err != nil || again.Alg != key.Alg {
			t.Fatalf("%q is not read again: %v", text, err)
		}
	})
}
