package pages_test

import (
	"net/url"
	"regexp"
	"testing"

	"github.com/gatehouse-auth/gatehouse/server/pages"
)

// Nobody is sent anywhere but to a page of ours, whatever a link says.
func FuzzDestination(f *testing.F) {
	for _, query := range []string{
		"to=device&user_code=BCDF-GHJK", "to=https://evil.example", "to=%2F%2Fevil.example", "to=device&user_code=%0d%0aSet-Cookie:x",
		"to=device&to=//evil.example", "user_code=BCDFGHJK", "to=device&user_code=%2e%2e/%5c",
	} {
		f.Add(query)
	}
	ours := regexp.MustCompile(`^(/sign-in|/device|/device\?user_code=[B-Z]{4}-[B-Z]{4})$`)
	f.Fuzz(func(t *testing.T, query string) {
		values, _ := url.ParseQuery(query) // what could be read of it
		if path := pages.Destination(values); !ours.MatchString(path) {
			t.Fatalf("%q leads to %q", query, path)
		}
	})
}
