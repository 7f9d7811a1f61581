package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"

	jose "github.com/go-jose/go-jose/v4"
)

// Algs returns the algorithms that a key may have, the default first.
func Algs() []string { return []string{RS256, PS256, ES256, EdDSA} }

// RSABits returns the sizes that an RSA key may have, the default first.
func RSABits() []int { return []int{2048, 3072, 4096} }

// CheckAlg reports whether keys of that algorithm and size can be made. bits
// counts for RSA only, where 0 stands for the default.
func CheckAlg(alg string, bits int) error {
	if !slices.Contains(Algs(), alg) {
		return fmt.Errorf("signing algorithm %q is not known, allowed are %v", alg, Algs())
	}
	if isRSA(alg) && bits != 0 && !slices.Contains(RSABits(), bits) {
		return fmt.Errorf("RSA keys of %d bits are not made, allowed are %v", bits, RSABits())
	}
	return nil
}

func isRSA(alg string) bool { return alg == RS256 || alg == PS256 }

// Generate makes a new key with a random kid, its private half sealed. Its
// instants are not set. bits is the size of an RSA modulus, 0 for 2048.
func Generate(s *Sealer, tenantID, alg string, bits int) (Key, error) {
	private, err := generatePrivate(alg, bits)
	if err != nil {
		return Key{}, err
	}
	return New(s, tenantID, alg, private)
}

func generatePrivate(alg string, bits int) (crypto.Signer, error) {
	if err := CheckAlg(alg, bits); err != nil {
		return nil, err
	}
	switch alg {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	default:
		if bits == 0 {
			bits = RSABits()[0]
		}
		return rsa.GenerateKey(rand.Reader, bits)
	}
}

// New makes a Key of a private key that exists: an *rsa.PrivateKey, an
// *ecdsa.PrivateKey on P-256 or an ed25519.PrivateKey, as alg demands. The kid
// is random, the instants are not set.
func New(s *Sealer, tenantID, alg string, private crypto.Signer) (Key, error) {
	key := Key{TenantID: tenantID, Kid: newKid(), Alg: alg}
	switch public := private.Public().(type) {
	case *rsa.PublicKey:
		key.Bits = public.N.BitLen()
		if !isRSA(alg) || !slices.Contains(RSABits(), key.Bits) {
			return Key{}, fmt.Errorf("an RSA key of %d bits cannot sign with %s", key.Bits, alg)
		}
	case *ecdsa.PublicKey:
		if alg != ES256 || public.Curve != elliptic.P256() {
			return Key{}, fmt.Errorf("a key on %s cannot sign with %s", public.Curve.Params().Name, alg)
		}
	case ed25519.PublicKey:
		if alg != EdDSA {
			return Key{}, fmt.Errorf("an Ed25519 key cannot sign with %s", alg)
		}
	default:
		return Key{}, fmt.Errorf("a private key of type %T cannot sign with %s", private, alg)
	}
	var err error
	jwk := jose.JSONWebKey{Key: private.Public(), KeyID: key.Kid, Algorithm: alg, Use: "sig"}
	if key.Public, err = jwk.MarshalJSON(); err != nil {
		return Key{}, fmt.Errorf("JWK of a new key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("PKCS #8 of a new key: %w", err)
	}
	defer clear(der)
	key.Sealed, key.SealedBy, err = s.Seal(der, PurposeSigningKey, tenantID, key.Kid)
	return key, err
}

// newKid returns 128 random bits as base64url text that no command line takes
// for a flag.
func newKid() string {
	for {
		random := make([]byte, 16)
		rand.Read(random)
		if kid := base64.RawURLEncoding.EncodeToString(random); kid[0] != '-' {
			return kid
		}
	}
}

// Rewrap wraps the key's data key by the Sealer's first master key, and
// reports whether another one had wrapped it.
func (k *Key) Rewrap(s *Sealer) (changed bool, err error) {
	if k.SealedBy == s.ID() {
		return false, nil
	}
	sealed, by, err := s.Rewrap(k.Sealed, PurposeSigningKey, k.TenantID, k.Kid)
	if err != nil {
		return false, fmt.Errorf("signing key %s: %w", k.Kid, err)
	}
	k.Sealed, k.SealedBy = sealed, by
	return true, nil
}
