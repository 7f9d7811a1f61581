package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// The algorithms of RFC 7518 and RFC 8037 that Gatehouse signs with.
const (
	RS256 = "RS256"
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// leastRSABits is RFC 8725 section 3.5. go-jose bounds the modulus above.
const leastRSABits = 2048

// publicKey verifies by exactly one algorithm, the one that the key's issuer gave
// it.
type publicKey struct {
	alg string
	key any
}

// parseKeys reads a JWK set (RFC 7517) into keys by kid. Keys that it cannot use
// are passed over, so that an issuer may publish kinds that are not known yet; of
// two keys with one kid the first counts.
func parseKeys(body []byte) (map[string]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, errors.New("the key set is not JSON")
	}
	if set.Keys == nil {
		return nil, errors.New("the key set has no keys member")
	}
	keys := make(map[string]publicKey, len(set.Keys))
	for _, raw := range set.Keys {
		var jwk jose.JSONWebKey
		if jwk.UnmarshalJSON(raw) != nil || !usable(&jwk) {
			continue
		}
		if _, taken := keys[jwk.KeyID]; !taken {
			keys[jwk.KeyID] = publicKey{alg: jwk.Algorithm, key: jwk.Key}
		}
	}
	return keys, nil
}

// usable demands the key's own alg: without one, the token would choose it.
func usable(jwk *jose.JSONWebKey) bool {
	if jwk.KeyID == "" || (jwk.Use != "" && jwk.Use != "sig") {
		return false
	}
	switch key := jwk.Key.(type) {
	case *rsa.PublicKey:
		return (jwk.Algorithm == RS256 || jwk.Algorithm == PS256) && key.N.BitLen() >= leastRSABits
	case *ecdsa.PublicKey:
		return jwk.Algorithm == ES256 && key.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return jwk.Algorithm == EdDSA
	}
	return false
}

func (k publicKey) verify(input, signature []byte) bool {
	if key, ok := k.key.(ed25519.PublicKey); ok {
		return ed25519.Verify(key, input, signature)
	}
	digest := sha256.Sum256(input)
	switch key := k.key.(type) {
	case *rsa.PublicKey:
		if k.alg == PS256 {
			// RFC 7518 section 3.5: the salt is as long as the hash.
			options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
			return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, options) == nil
		}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		// RFC 7518 section 3.4: r and s, 32 octets each.
		if len(signature) != 64 {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(key, digest[:], r, s)
	}
	return false
}
