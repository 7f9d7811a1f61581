package assertion_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/gatehouse-auth/gatehouse/assertion"
)

// What is taken for a certificate or a public key holds no private key, and its
// key is the same when it is written as a JWK.
func FuzzKeyImport(f *testing.F) {
	for _, private := range pairs(f) {
		public := private.(interface{ Public() crypto.PublicKey }).Public()
		f.Add(pemOf("CERTIFICATE", certificate(f, public, private)), "")
		f.Add(std(certificate(f, public, private)), "RS256")
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(pemOf("PUBLIC KEY", der), "")
		f.Add(std(der), "PS256")
		secret, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(std(secret), "")
		f.Add(pemOf("PRIVATE KEY", secret), "")
	}
	f.Add("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "")
	f.Fuzz(func(t *testing.T, text, alg string) {
		fromCertificate, _, err := assertion.ImportCertificate(text, alg)
		check(t, text, fromCertificate, err)
		key, err := assertion.ImportPublicKey(text, alg)
		check(t, text, key, err)
	})
}

func check(t *testing.T, text string, key *assertion.Key, err error) {
	t.Helper()
	if err != nil {
		return
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			t.Fatalf("%q is private", text)
		}
	}
	again, err := assertion.ImportJWK(jwk(t, key), "")
	if err != nil || again.Alg != key.Alg {
		t.Fatalf("%q is not read again: %v", text, err)
	}
	if same, ok := key.Public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(again.Public) {
		t.Fatalf("%q is another key when read again", text)
	}
}

// Whatever is published at a jwks_uri, only keys that verify come of it, and each
// is the same when it is written as a JWK.
func FuzzJWKS(f *testing.F) {
	all := ""
	for alg, private := range pairs(f) {
		all += "," + string(jwk(f, keyOf(f, alg, private)))
	}
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"},1,null` + all + `]}`))
	f.Add([]byte(`{"keys":null}`))
	f.Add([]byte(`{"keys":[[[]]],"keys":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := assertion.ParseJWKS(data)
		if len(list) > 100 || err != nil && list != nil {
			t.Fatalf("%d keys, %v", len(list), err)
		}
		for i := range list {
			again, err := assertion.ImportJWK(jwk(t, &list[i]), "")
			if err != nil || again.Alg != list[i].Alg || again.ID != list[i].ID {
				t.Fatalf("%q holds a key that is not read again: %v", data, err)
			}
		}
	})
}
