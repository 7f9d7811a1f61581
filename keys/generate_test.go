package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

func TestGenerate(t *testing.T) {
	s := keystest.Sealer()
	for _, alg := range keys.Algs() {
		key, err := keys.Generate(s, tenant, alg, 0)
		if err != nil {
			t.Fatal(err)
		}
		if kid, err := base64.RawURLEncoding.DecodeString(key.Kid); err != nil || len(kid) != 16 {
			t.Errorf("kid %q", key.Kid)
		}
		wantBits := 0
		if alg == keys.RS256 || alg == keys.PS256 {
			wantBits = 2048
		}
		if key.TenantID != tenant || key.Alg != alg || key.Bits != wantBits || key.SealedBy != s.ID() || !key.PublishedAt.IsZero() {
			t.Errorf("%+v", key)
		}
	}
}

func TestGenerateRefusesWhatIsWeakOrUnknown(t *testing.T) {
	s := keystest.Sealer()
	for alg, bits := range map[string]int{"RS256": 1024, "PS256": 16384, "RS512": 2048, "HS256": 0, "none": 0, "": 0} {
		if _, err := keys.Generate(s, tenant, alg, bits); err == nil {
			t.Errorf("%s of %d bits is made", alg, bits)
		}
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		alg     string
		private crypto.Signer
	}{{keys.RS256, small}, {keys.ES256, p384}, {keys.ES256, keystest.RSA(2048, 0)}, {keys.EdDSA, keystest.RSA(2048, 0)}, {keys.RS256, p256}, {keys.RS256, ed}} {
		if _, err := keys.New(s, tenant, c.alg, c.private); err == nil {
			t.Errorf("a %T signs with %s", c.private, c.alg)
		}
	}
}

// No command line may take a kid for a flag, and none comes twice.
func TestKids(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		key, err := keystest.Generate(keystest.Sealer(), tenant, keys.EdDSA, 0)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(key.Kid, "-") || seen[key.Kid] {
			t.Errorf("kid %q", key.Kid)
		}
		seen[key.Kid] = true
	}
}
