package oauth

import (
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4/json"
)

// reservedClaims are decided by this platform: what says who a token speaks for,
// what for and how long, and what introspection adds.
func reservedClaims() []string {
	return []string{
		"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "act", "grant_id", "may_act", "cnf", "auth_time", "amr", "acr",
		"active", "token_type", "exchanged", "renew_until",
	}
}

// ReservedClaim reports whether no configuration may set the claim, however it
// spells it: many programs read a claim "Sub" or "ſub" as sub, encoding/json too.
func ReservedClaim(name string) bool {
	return slices.ContainsFunc(reservedClaims(), func(reserved string) bool { return strings.EqualFold(reserved, name) })
}

// DecodeToken reads the payload or the header of a token into v, a pointer. Names
// count exactly as they are written, and an object that has one twice is an error.
func DecodeToken(part []byte, v any) error { return json.Unmarshal(part, v) }
