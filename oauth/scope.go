package oauth

import "strings"

// Scopes is a list of scope tokens without repetition, in the order given
// (RFC 6749 section 3.3).
type Scopes []string

// ParseScopes reads a space-separated list. A token with a character outside
// %x21 / %x23-5B / %x5D-7E is an invalid_scope error.
func ParseScopes(s string) (Scopes, error) {
	var list Scopes
	seen := map[string]bool{}
	for token := range strings.SplitSeq(s, " ") {
		if token == "" || seen[token] {
			continue
		}
		if !ValidScope(token) {
			return nil, Errorf(InvalidScope, ReasonMalformed, "scope holds a character that RFC 6749 section 3.3 does not allow")
		}
		seen[token] = true
		list = append(list, token)
	}
	return list, nil
}

// ValidScope reports whether token is one scope-token of RFC 6749 section 3.3.
func ValidScope(token string) bool {
	for i := range len(token) {
		if c := token[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return token != ""
}

// Has reports whether the list holds token.
func (s Scopes) Has(token string) bool {
	for _, have := range s {
		if have == token {
			return true
		}
	}
	return false
}

// HasAll reports whether the list holds every one of tokens.
func (s Scopes) HasAll(tokens Scopes) bool {
	for _, token := range tokens {
		if !s.Has(token) {
			return false
		}
	}
	return true
}

// Within returns those of the list that bound holds too.
func (s Scopes) Within(bound Scopes) Scopes {
	var both Scopes
	for _, token := range s {
		if bound.Has(token) {
			both = append(both, token)
		}
	}
	return both
}

func (s Scopes) String() string { return strings.Join(s, " ") }
