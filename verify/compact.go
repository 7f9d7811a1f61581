package verify

import (
	"encoding/base64"
	"strings"
)

// The tokens are taken apart by hand. Parsing, verifying and decoding by go-jose
// takes 1.6 raw RSA-2048 verifications, by this package under 1.2, and 1.3 are
// allowed. What an access token may be is also much narrower than what go-jose
// parses, so the narrow parser is the stricter one. Keys are still read by go-jose.

// mostBytes bounds a token before anything of it is looked at.
const mostBytes = 16 << 10

// compact is a JWS in compact serialization, taken apart and not yet believed.
type compact struct {
	alg, kid  string
	payload   []byte
	input     []byte // what is signed
	signature []byte
}

// parse admits only signed access tokens: typ at+jwt, a kid, no extension that
// must be understood. jwk, jku, x5u and x5c are passed over like every other
// header parameter, since only the issuer's published keys verify.
func parse(raw string) (*compact, error) {
	if len(raw) > mostBytes {
		return nil, invalid("the token is too long")
	}
	header, rest, _ := strings.Cut(raw, ".")
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok {
		return nil, invalid("the token is not a JWS in compact serialization")
	}
	head, ok1 := decodeSegment(header)
	body, ok2 := decodeSegment(payload)
	sign, ok3 := decodeSegment(signature)
	if !ok1 || !ok2 || !ok3 || len(sign) == 0 {
		return nil, invalid("the token is not base64url, or not signed")
	}
	jws := &compact{payload: body, signature: sign, input: []byte(raw[:len(header)+1+len(payload)])}
	if err := jws.readHeader(head); err != nil {
		return nil, err
	}
	return jws, nil
}

func (c *compact) readHeader(head []byte) error {
	var typ string
	var critical bool
	ok := members(head, func(name, value []byte) (ok bool) {
		switch string(name) {
		case "alg":
			ok = once(&c.alg, value)
		case "kid":
			ok = once(&c.kid, value)
		case "typ":
			ok = once(&typ, value)
		case "crit":
			critical = true
			ok = true
		default:
			ok = true
		}
		return ok
	})
	switch {
	case !ok:
		return invalid("the header is malformed")
	case critical:
		return invalid("the header has critical extensions")
	case !strings.EqualFold(typ, "at+jwt") && !strings.EqualFold(typ, "application/at+jwt"):
		return invalid("the type is not at+jwt")
	case c.kid == "":
		return invalid("the header names no key")
	}
	return nil
}

// once sets a string that may be given only once (RFC 7515 section 4), and not empty.
func once(target *string, value []byte) bool {
	text, ok := stringValue(value)
	if !ok || text == "" || *target != "" {
		return false
	}
	*target = text
	return true
}

func decodeSegment(segment string) ([]byte, bool) {
	strict := base64.RawURLEncoding.Strict()
	decoded, err := strict.DecodeString(segment)
	// Go's decoder passes over line breaks; RFC 7515 section 2 has none.
	return decoded, err == nil && len(decoded) == strict.DecodedLen(len(segment))
}
