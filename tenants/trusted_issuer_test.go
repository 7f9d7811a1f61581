package tenants_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// A pattern matches itself and, where it ends in a separator and a star, what
// goes on after the separator; nothing else, whatever an issuer writes.
func FuzzMatches(f *testing.F) {
	f.Add("repo:acme/app:*", "repo:acme/app:ref")
	f.Add("repo:acme/app:*", "repo:acme/other:ref")
	f.Add("repo:acme/app:*", "repo:acme/app:")
	f.Add("repo:acme/*", "repo:acme/app:ref")
	f.Add("repo:acme*", "repo:acme-evil")
	f.Add("/*", "/x")
	f.Add(":*", ":")
	f.Add("a/*", "a/*")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		matches := tenants.Matches(pattern, text)
		stem, starred := strings.CutSuffix(pattern, "*")
		below := starred && len(stem) > 1 && (stem[len(stem)-1] == '/' || stem[len(stem)-1] == ':') && len(text) > len(stem) && text[:len(stem)] == stem
		if matches != (below || pattern == text) {
			t.Fatalf("%q matches %q: %v", pattern, text, matches)
		}
	})
}
