package assertion

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	std "encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4/json"
)

// maxKeys is how many keys of a JWKS are looked at.
const maxKeys = 100

// jwk are the members of RFC 7517 section 4 and RFC 7518 section 6 that are
// read; certificates in a JWK are not.
type jwk struct {
	Type      string   `json:"kty"`
	Use       string   `json:"use"`
	KeyOps    []string `json:"key_ops"`
	Alg       string   `json:"alg"`
	ID        string   `json:"kid"`
	Curve     string   `json:"crv"`
	N         string   `json:"n"`
	E         string   `json:"e"`
	X         string   `json:"x"`
	Y         string   `json:"y"`
	extension map[string]json.RawMessage
}

// ImportJWK reads a public key. alg is the algorithm that it is wanted for,
// empty for its own. Private and symmetric keys are ErrPrivate.
func ImportJWK(data []byte, alg string) (*Key, error) {
	var j jwk
	if json.Unmarshal(data, &j.extension) != nil || j.extension == nil || json.Unmarshal(data, &j) != nil {
		return nil, errors.New("this is not a JWK")
	}
	for _, private := range [...]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, there := j.extension[private]; there {
			return nil, ErrPrivate
		}
	}
	if j.Use != "" && j.Use != "sig" {
		return nil, errors.New(`the JWK's use must be "sig", as it verifies signatures`)
	}
	if j.KeyOps != nil && !slices.Contains(j.KeyOps, "verify") {
		return nil, errors.New(`the JWK's key_ops must hold "verify"`)
	}
	if j.Alg == ed25519Name {
		j.Alg = EdDSA
	}
	if alg != "" && j.Alg != "" && alg != j.Alg {
		return nil, errors.New("alg is another one than the JWK's own")
	}
	if alg == "" {
		alg = j.Alg
	}
	public, err := j.public()
	if err != nil {
		return nil, err
	}
	key, err := newKey(public, alg)
	if err != nil {
		return nil, err
	}
	key.ID = j.ID
	return key, nil
}

func (j *jwk) public() (any, error) {
	switch {
	case j.Type == "RSA":
		n, errN := octets(j.N, maxBits/8)
		e, errE := octets(j.E, 4)
		if errN != nil || errE != nil {
			return nil, fmt.Errorf("the JWK's n and e must be base64url of at most %d and 32 bits", maxBits)
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
	case j.Type == "EC" && j.Curve == "P-256":
		x, errX := octets(j.X, 32)
		y, errY := octets(j.Y, 32)
		if errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
			return nil, errors.New("the JWK's x and y must be base64url of 32 bytes each")
		}
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if err != nil {
			return nil, errors.New("the JWK is not a point of P-256")
		}
		return public, nil
	case j.Type == "OKP" && j.Curve == "Ed25519":
		x, err := octets(j.X, ed25519.PublicKeySize)
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, errors.New("the JWK's x must be base64url of 32 bytes")
		}
		return ed25519.PublicKey(x), nil
	}
	return nil, errors.New("the JWK's kty and crv are not known here; allowed are RSA, EC with P-256 and OKP with Ed25519")
}

// octets decodes base64url of at most limit bytes.
func octets(text string, limit int) ([]byte, error) {
	if len(text) > base64.RawURLEncoding.EncodedLen(limit) || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("too long")
	}
	return base64.RawURLEncoding.DecodeString(text)
}

// ParseJWKS reads the keys of a set that can verify here, of at most 100, and
// leaves out all others (RFC 7517 section 5), such as private ones.
func ParseJWKS(data []byte) ([]Key, error) {
	var set struct {
		Keys []std.RawMessage `json:"keys"`
	}
	// The standard parser bounds how deep values nest; the other one, for the keys
	// themselves, refuses repeated names and names in another letter case.
	if err := std.Unmarshal(data, &set); err != nil || set.Keys == nil {
		return nil, errors.New("this is not a JWKS")
	}
	list := []Key{}
	for _, raw := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if key, err := ImportJWK(raw, ""); err == nil {
			list = append(list, *key)
		}
	}
	return list, nil
}
