package oauth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
func TestScopesHaveTheCharactersOfTheRFC(t *testing.T) {
	for c := range 256 {
		want := c == 0x21 || 0x23 <= c && c <= 0x5b || 0x5d <= c && c <= 0x7e
		if oauth.ValidScope("a"+string([]byte{byte(c)})) != want {
			t.Errorf("%#x: %v", c, !want)
		}
	}
	if oauth.ValidScope("") {
		t.Error("nothing is a scope")
	}
}

func TestScopesAreTakenOnceWhateverStandsBetween(t *testing.T) {
	for text, want := range map[string]string{"": "", " ": "", "a b": "a b", " b  a b ": "b a"} {
		if list, err := oauth.ParseScopes(text); err != nil || list.String() != want {
			t.Errorf("%q is %q, %v", text, list, err)
		}
	}
}

// Scopes are bounded by others exactly.
func TestScopesWithinOthers(t *testing.T) {
	for _, test := range []struct {
		list, bound, within string
		all                 bool
	}{
		{"", "", "", true},
		{"", "a b", "", true},
		{"b a", "a b c", "b a", true},
		{"a d", "a b", "a", false},
		{"a A ab", "a", "a", false},
		{"a", "", "", false},
	} {
		list, _ := oauth.ParseScopes(test.list)
		bound, _ := oauth.ParseScopes(test.bound)
		if got := list.Within(bound).String(); got != test.within || bound.HasAll(list) != test.all {
			t.Errorf("of %q within %q there is %q, all: %v", list, bound, got, bound.HasAll(list))
		}
	}
}

// A list of scopes is tokens of RFC 6749 section 3.3, each once, and reads the
// same when it is written down.
func FuzzScopes(f *testing.F) {
	for _, text := range []string{"", "a b", "  a a  b ", "a\tb", "a\"b", `a\b`, "\x7f", "ä", "hc.mgmnt.types:read openid"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := oauth.ParseScopes(text)
		if err != nil {
			var refused *oauth.Error
			if !errors.As(err, &refused) || refused.Code != oauth.InvalidScope {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		seen := map[string]bool{}
		for _, scope := range list {
			if !oauth.ValidScope(scope) || seen[scope] || !strings.Contains(" "+text+" ", " "+scope+" ") {
				t.Fatalf("%q holds the scope %q", text, scope)
			}
			seen[scope] = true
		}
		again, err := oauth.ParseScopes(list.String())
		if err != nil || again.String() != list.String() {
			t.Fatalf("%q is %q, and that %q, %v", text, list, again, err)
		}
	})
}
