package tenants

import (
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Claims are what an API or a client adds to its access tokens, by name.
type Claims map[string]Claim

// Claim says what a claim holds: Value, the same in every token, or what From
// names of the user whom the token speaks for. Exactly one is set. What a user
// does not have is left out of its tokens.
type Claim struct {
	Value any    `json:"value,omitempty"`
	From  string `json:"from,omitempty"`
}

// fromProfile begins the From of a field of a user's profile.
const fromProfile = "user.profile."

// ClaimSources returns what From may be, a field of the profile written as
// user.profile.{field}.
func ClaimSources() []string {
	return []string{"user.username", "user.email", "user.name", "user.groups", "user.permissions", fromProfile + "{field}"}
}

// IsClaimSource reports whether From may be that.
func IsClaimSource(from string) bool {
	field, ok := strings.CutPrefix(from, fromProfile)
	if ok {
		return field != ""
	}
	return slices.Contains(ClaimSources(), from)
}

// MayAct is the claim of RFC 8693 section 4.4. It can be set, as a constant: what it
// names is the only one who gets anything for a token.
const MayAct = "may_act"

// SettableClaim reports whether configuration may set the claim. may_act may be
// set in this spelling only.
func SettableClaim(name string) bool { return name == MayAct || !oauth.ReservedClaim(name) }

// IsMayAct reports whether a value can be the claim: an object that names somebody
// by sub, client_id or both, of the issuer iss if given, and has nothing else.
func IsMayAct(value any) bool {
	object, _ := value.(map[string]any)
	if object["sub"] == nil && object["client_id"] == nil {
		return false
	}
	for name, member := range object {
		if text, _ := member.(string); text == "" || !slices.Contains([]string{"iss", "sub", "client_id"}, name) {
			return false
		}
	}
	return true
}

// Of returns what the claim holds for a user, nil for nothing; u is nil where
// nobody is known.
func (c Claim) Of(u *User) any {
	switch {
	case c.From == "":
		return c.Value
	case u == nil:
		return nil
	case c.From == "user.username":
		return text(u.Username)
	case c.From == "user.email":
		return text(u.Email)
	case c.From == "user.name":
		return text(u.Name)
	case c.From == "user.groups":
		return list(u.Groups)
	case c.From == "user.permissions":
		return list(u.EffectivePermissions())
	}
	field, _ := strings.CutPrefix(c.From, fromProfile)
	return u.ProfileField(field)
}

// text is a value that an empty one is none of.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// list is a value that is a JSON list, also an empty one.
func list(values []string) any {
	if values == nil {
		return []string{}
	}
	return values
}
