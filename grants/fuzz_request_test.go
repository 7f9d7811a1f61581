package grants_test

import (
	"errors"
	"math/big"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// A request names one API or none, in its own words; a resource is an absolute
// URI without a fragment.
func FuzzResource(f *testing.F) {
	for _, pair := range [][2]string{
		{"", ""},
		{"orders", ""},
		{"", "https://api.example"},
		{"https://api.example", "https://api.example"},
		{"https://api.example", "https://api.example/"},
		{"", "orders"},
		{"", "https://api.example#"},
		{"", "urn:x#y"},
		{"", "//api.example"},
		{"", "%zz:"},
		{"", ":a"},
		{"", "a:"},
		{"x", "https://api.example\n"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, audience, resource string) {
		named, err := grants.Audience(oauth.Params{"audience": audience, "resource": resource})
		if err != nil {
			var refused *oauth.Error
			if !errors.As(err, &refused) || refused.Code != oauth.InvalidTarget || named != "" || resource == "" {
				t.Fatalf("%q and %q name %q: %v", audience, resource, named, err)
			}
			return
		}
		if audience != "" && named != audience || resource != "" && named != resource || audience == "" && resource == "" && named != "" {
			t.Fatalf("%q and %q name %q", audience, resource, named)
		}
		if resource == "" {
			return
		}
		if u, err := url.Parse(resource); err != nil || u.Scheme == "" || strings.Contains(resource, "#") {
			t.Fatalf("%q is a resource", resource)
		}
	})
}

// Whoever asks for a number of seconds gets it up to the ceiling, and above that
// the ceiling or an error, as the tenant says.
func FuzzExpiresIn(f *testing.F) {
	for _, asked := range []string{"", "1", "60", "0060", "61", "0", "000", "-1", "+1", "1.5", "1e3", " 1", "1\n", "９", "9223372036854775808", strings.Repeat("9", 400)} {
		f.Add(asked, 30, 60, false)
		f.Add(asked, 60, 60, true)
	}
	number := regexp.MustCompile(`\A0*[1-9][0-9]*\z`)
	f.Fuzz(func(t *testing.T, asked string, normal, ceiling int, refuse bool) {
		if normal < 1 || ceiling < normal {
			return
		}
		tenant := &tenants.Tenant{}
		if refuse {
			tenant.ExcessLifetime = tenants.RefuseExcess
		}
		got, err := (&grants.Lifetime{Seconds: normal, Ceiling: ceiling}).Asked(asked, tenant)
		var refused *oauth.Error
		if err != nil && (!errors.As(err, &refused) || refused.Code != oauth.InvalidRequest) {
			t.Fatalf("%q of %d: %v", asked, ceiling, err)
		}
		if asked == "" {
			if got != normal || err != nil {
				t.Fatalf("who asks for nothing gets %d, %v", got, err)
			}
			return
		}
		if !number.MatchString(asked) {
			if err == nil {
				t.Fatalf("%q earns %d", asked, got)
			}
			return
		}
		seconds, _ := new(big.Int).SetString(asked, 10)
		within := seconds.Cmp(big.NewInt(int64(ceiling))) <= 0
		switch {
		case within && (err != nil || big.NewInt(int64(got)).Cmp(seconds) != 0),
			!within && refuse != (err != nil),
			!within && !refuse && got != ceiling:
			t.Fatalf("%q of %d earns %d, %v", asked, ceiling, got, err)
		}
	})
}
