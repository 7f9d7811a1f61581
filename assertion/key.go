package assertion

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	jose "github.com/go-jose/go-jose/v4"
)

// Sizes of RSA keys in bits, and the exponents that are known to be sound.
const (
	minBits     = 2048
	maxBits     = 4096
	minExponent = 65537
	maxExponent = 1<<31 - 1
)

// ErrPrivate means that somebody gave away a private key.
var ErrPrivate = errors.New("this holds a private key, which must never leave its owner: throw that key away, make a new pair and give only its public half")

// Key is a public key that assertions are verified with.
type Key struct {
	ID     string // the kid that its owner gave it; may be empty
	Alg    string // the only algorithm that it verifies
	Public crypto.PublicKey
}

// newKey holds a public key to what is sound, and to an algorithm that fits: the
// one that is named, else the one of its kind, RS256 for RSA.
func newKey(public any, alg string) (*Key, error) {
	var allowed []string
	switch public := public.(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minBits || bits > maxBits {
			return nil, fmt.Errorf("the RSA key has %d bits; allowed are %d to %d", bits, minBits, maxBits)
		}
		if public.E < minExponent || public.E > maxExponent || public.E%2 == 0 || public.N.Bit(0) == 0 {
			return nil, fmt.Errorf("the RSA key is unsound: its modulus must be odd, and its exponent odd and at least %d", minExponent)
		}
		allowed = []string{RS256, PS256}
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return nil, errors.New("the key's curve is not known here; allowed is P-256")
		}
		if _, err := public.ECDH(); err != nil {
			return nil, errors.New("the key is not a point of P-256")
		}
		allowed = []string{ES256}
	case ed25519.PublicKey:
		allowed = []string{EdDSA}
	default:
		return nil, fmt.Errorf("a key of the type %T is not known here; allowed are RSA, EC P-256 and Ed25519", public)
	}
	if alg == "" {
		alg = allowed[0]
	}
	for _, one := range allowed {
		if alg == one {
			return &Key{Alg: alg, Public: public}, nil
		}
	}
	return nil, fmt.Errorf("alg does not fit the key; allowed for it: %s", allowed)
}

// JWK returns the public key as RFC 7517 writes it.
func (k *Key) JWK() ([]byte, error) {
	return jose.JSONWebKey{Key: k.Public, KeyID: k.ID, Algorithm: k.Alg, Use: "sig"}.MarshalJSON()
}

// Thumbprint returns the key's name by its own value (RFC 7638, SHA-256).
func (k *Key) Thumbprint() (string, error) {
	sum, err := (&jose.JSONWebKey{Key: k.Public}).Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err
}

// Kind says in words what the key is, such as "RSA 4096".
func (k *Key) Kind() string {
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		return "RSA " + strconv.Itoa(public.N.BitLen())
	case *ecdsa.PublicKey:
		return "EC " + public.Params().Name
	}
	return "Ed25519"
}
