// Package assertion reads what others sign: JWTs by which clients and workloads
// prove who they are (RFC 7523), and the public keys that these are verified
// with. It signs nothing, and decides neither whose key it is nor what a proof
// is good for.
package assertion

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// MaxBytes is the length of the longest assertion that is looked at.
const MaxBytes = 8 << 10

// Algorithms of RFC 7518 and RFC 8037 that are known here.
const (
	RS256 = "RS256"
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
	HS256 = "HS256" // by a secret, never by a Key
)

// ed25519Name is what RFC 9864 calls EdDSA with the keys that are known here.
const ed25519Name = "Ed25519"

// Algs returns the algorithms that a Key may have.
func Algs() []string { return []string{RS256, PS256, ES256, EdDSA} }

// Token is a JWT that has been taken apart. Nothing of it is true before it is
// verified.
type Token struct {
	Alg    string
	KeyID  string // empty where it names none
	Type   string // the typ, in lower case and without "application/"; may be empty
	Claims Claims
	signed string // what the signature is over
	// jws verifies the signature; that of EdDSA is verified without it, as it does not
	// know the algorithm's newer name.
	jws       *jose.JSONWebSignature
	signature []byte
}

// Read takes a compact JWS with JSON claims apart (RFC 7519 section 7.2, steps
// 1 to 10). Extensions that must be understood are refused, and so are headers
// that bring a key or say where one is (RFC 8725 section 3.10).
func Read(text string) (*Token, error) {
	if len(text) > MaxBytes {
		return nil, errors.New("it is longer than 8 KiB")
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, errors.New("it is not a compact JWS")
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		// The decoder overlooks line breaks.
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return nil, errors.New("it is not base64url without padding")
		}
	}
	t := &Token{signed: parts[0] + "." + parts[1], signature: decoded[2]}
	if err := t.readHeader(decoded[0]); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(decoded[1], &t.Claims); err != nil {
		return nil, err
	}
	if t.Alg == ed25519Name {
		t.Alg = EdDSA
		return t, nil
	}
	known := []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA, jose.HS256}
	jws, err := jose.ParseSignedCompact(text, known)
	if err != nil {
		return nil, errors.New("it is not a compact JWS of a known algorithm")
	}
	t.jws = jws
	return t, nil
}

// readHeader reads the protected header. The JSON parser refuses repeated names
// and takes upper and lower case for different ones.
func (t *Token) readHeader(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return errors.New("its header is not a JSON object")
	}
	for _, refused := range [...]string{"crit", "jwk", "jku", "x5u", "x5c", "zip", "enc"} {
		if _, there := members[refused]; there {
			return errors.New("its header has the parameter " + refused)
		}
	}
	for name, into := range map[string]*string{"alg": &t.Alg, "kid": &t.KeyID, "typ": &t.Type} {
		if raw, there := members[name]; there && json.Unmarshal(raw, into) != nil {
			return errors.New("its " + name + " is not a string")
		}
	}
	t.Type = strings.TrimPrefix(strings.ToLower(t.Type), "application/") // RFC 7515 section 4.1.9
	return nil
}

// IsType reports whether the typ is absent, "JWT" or one of those given.
func (t *Token) IsType(types ...string) bool {
	for _, allowed := range append(types, "", "jwt") {
		if t.Type == allowed {
			return true
		}
	}
	return false
}

// Signed returns what the signature is over: it stays the same where somebody
// makes another valid signature out of one, as can be done with ES256.
func (t *Token) Signed() string { return t.signed }

// IsSignedBy reports whether the signature is the key's, under the key's own
// algorithm.
func (t *Token) IsSignedBy(key *Key) bool {
	if t.Alg != key.Alg {
		return false
	}
	if public, ok := key.Public.(ed25519.PublicKey); ok {
		return ed25519.Verify(public, []byte(t.signed), t.signature)
	}
	_, err := t.jws.Verify(key.Public)
	return err == nil
}

// IsSignedWith reports whether the signature is HMAC-SHA-256 under the secret.
func (t *Token) IsSignedWith(secret []byte) bool {
	if t.Alg != HS256 || len(secret) == 0 {
		return false
	}
	_, err := t.jws.Verify(secret)
	return err == nil
}
