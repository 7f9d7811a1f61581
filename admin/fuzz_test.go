package admin_test

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// origin is what browsers write in Origin for a page of http or https.
var origin = regexp.MustCompile(`^(https?)://([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::([1-9][0-9]{0,4}))?$`)

// What is stored as a URL is one: an origin as browsers send it, an issuer below
// which metadata is found, an identifier that can be sent as resource, an
// audience of the web.
func FuzzURLRules(f *testing.F) {
	for _, text := range []string{
		"https://shop.example", "https://shop.example:8443", "https://shop.example:443", "http://localhost:3000", "http://127.0.0.1", "http://app.localhost",
		"https://shop.example/", "https://SHOP.example", "https://*.shop.example", "https://shop.example:", "https://shop.example:0443", "https://shop.example:99999",
		"https://ann@shop.example", "https://schöner.example", "null", "https://[::1]:80", "http://[::1]/t/a", "https://login.example/t/acme", "https://login.example/a/../b",
		"http://shop.example", "http://localhost:80", "https://shop.example:0", "https://:443/token", "https://shop.example/" + strings.Repeat("a", 200), "https://login.example//a", "https://login.example/a%2fb", "https://login.example/a?b", "https://login.example/oauth2/token#", "https://login.example/oauth2/token#a", "https://a..example", "urn:example:api", "urn:GATEHOUSE:admin",
		"orders", "a b", "api://orders", "https://a.example\\@b.example", "https://a.example\n", "0195d2d6-7c1f-7000-8000-000000000000",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if admin.CheckOrigins([]string{text}) == nil {
			parts := origin.FindStringSubmatch(text)
			if parts == nil {
				t.Fatalf("%q is an origin", text)
			}
			port, _ := strconv.Atoi(parts[3])
			if port > 65535 || port == map[string]int{"http": 80, "https": 443}[parts[1]] && port != 0 || parts[1] == "http" && !onThisMachine(parts[2]) {
				t.Fatalf("%q is an origin", text)
			}
		}
		if admin.CheckIssuer(text) == nil {
			if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(text, "?#%\\ \n") || u.Scheme != "https" && !(u.Scheme == "http" && onThisMachine(u.Hostname())) {
				t.Fatalf("%q is an issuer", text)
			}
			below := u.JoinPath("oauth2", "token")
			if below.String() != text+"/oauth2/token" || below.Host != u.Host {
				t.Fatalf("%q is an issuer, and its token endpoint %q", text, below)
			}
		}
		if admin.CheckAudience("audience", text) == nil {
			if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || !strings.HasPrefix(u.Scheme, "http") || len(text) > 200 {
				t.Fatalf("%q is an audience", text)
			}
		}
		if admin.CheckIdentifier(text) == nil {
			if text == "" || len(text) > 200 || strings.ContainsAny(text, "# \"<>\\") || strings.EqualFold(text, oauth.AdminAudience) {
				t.Fatalf("%q is an identifier", text)
			}
			for _, c := range []byte(text) {
				if c <= ' ' || c > '~' {
					t.Fatalf("%q is an identifier", text)
				}
			}
		}
	})
}

func onThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
