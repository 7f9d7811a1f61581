package verify

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestOnlyUsableKeysAreTakenFromAKeySet(t *testing.T) {
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	modulus := func(bits uint) *rsa.PublicKey {
		return &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1), E: 65537}
	}
	key := func(key any, alg string) jose.JSONWebKey {
		return jose.JSONWebKey{Key: key, KeyID: "k", Algorithm: alg}
	}
	encryption := key(modulus(2048), RS256)
	encryption.Use = "enc"
	nameless := key(modulus(2048), RS256)
	nameless.KeyID = ""
	for name, test := range map[string]struct {
		key  jose.JSONWebKey
		want bool
	}{
		"RSA 2048":                {key(modulus(2048), RS256), true},
		"RSA for PSS":             {key(modulus(4096), PS256), true},
		"P-256":                   {key(p256.Public(), ES256), true},
		"Ed25519":                 {key(ed.Public(), EdDSA), true},
		"no alg":                  {key(modulus(2048), ""), false},
		"for encryption":          {encryption, false},
		"no kid":                  {nameless, false},
		"RSA 2047":                {key(modulus(2047), RS256), false},
		"RSA 8200":                {key(modulus(8200), RS256), false},
		"RSA that says ES256":     {key(modulus(2048), ES256), false},
		"RSA that says HS256":     {key(modulus(2048), "HS256"), false},
		"P-384":                   {key(p384.Public(), ES256), false},
		"P-256 that says RS256":   {key(p256.Public(), RS256), false},
		"Ed25519 that says RS256": {key(ed.Public(), RS256), false},
		"symmetric":               {key([]byte("0123456789abcdef0123456789abcdef"), "HS256"), false},
		"symmetric, says RS256":   {key([]byte("0123456789abcdef0123456789abcdef"), RS256), false},
		"private":                 {key(p256, ES256), false},
	} {
		raw, err := test.key.MarshalJSON()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, _ := json.Marshal(map[string]any{"keys": []any{map[string]any{"kty": "unheard of"}, 7, json.RawMessage(raw)}})
		keys, err := parseKeys(body)
		if got := len(keys) == 1; err != nil || got != test.want {
			t.Errorf("%s: %v, %v", name, keys, err)
		}
	}
}

func TestOfTwoKeysWithOneKidTheFirstCounts(t *testing.T) {
	a, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	body, _ := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: a.Public(), KeyID: "k", Algorithm: ES256}, {Key: b.Public(), KeyID: "k", Algorithm: ES256},
	}})
	keys, err := parseKeys(body)
	if err != nil || !a.PublicKey.Equal(keys["k"].key) {
		t.Errorf("%v, %v", keys, err)
	}
}

func TestAnEllipticSignatureIsTwiceThirtyTwoOctets(t *testing.T) {
	private, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key := publicKey{alg: ES256, key: private.Public()}
	for _, size := range []int{0, 1, 63, 65, 128} {
		if key.verify([]byte("x"), make([]byte, size)) {
			t.Errorf("%d octets passed", size)
		}
	}
}
