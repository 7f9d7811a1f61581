package tenants

import (
	"slices"
	"strings"
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
	return u.Profile[field]
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
