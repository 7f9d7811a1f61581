package verify

import (
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/json"
)

// Token is a verified access token: its issuer, audience, times and signature
// have been checked. Do not change one that others may read.
type Token struct {
	Issuer   string
	Subject  string   // the user's id, or the client's id where the client acts for itself
	ClientID string   // the client that the token was issued to
	ID       string   // jti, unique per issuer
	Audience []string // all of aud, of which at least one is ours
	Scopes   []string // from scope, a string or an array; empty where there is none
	Groups   []string // empty where the token carries none

	Expires   time.Time // to the second
	IssuedAt  time.Time
	NotBefore time.Time // zero where the token carries none

	// Actor is who acts as Subject, nil where nobody does (RFC 8693 section 4.1).
	Actor *Actor

	payload []byte
}

// Actor is a party that acts for another. Only the outermost one is acting now;
// the nested ones tell the history and must not decide access (RFC 8693 section
// 4.1).
type Actor struct {
	Subject  string
	ClientID string // empty where the token does not say
	Actor    *Actor
}

// HasScopes tells whether the token carries every one of scopes. Scopes are
// compared exactly (RFC 6749 section 3.3).
func (t *Token) HasScopes(scopes ...string) bool {
	for _, scope := range scopes {
		if !slices.Contains(t.Scopes, scope) {
			return false
		}
	}
	return true
}

// Claims decodes all claims of the token into target, as json.Unmarshal of
// encoding/json does but by exact names only. It is for claims that Token has no
// field for. The error is about target: the claims themselves are valid JSON.
func (t *Token) Claims(target any) error {
	return json.Unmarshal(t.payload, target)
}
