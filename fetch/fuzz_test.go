package fetch_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/fetch"
)

// A URL that may be asked is https, names nobody, and its host is no address
// that is not public, in whatever way it is written.
func FuzzCheckURL(f *testing.F) {
	for _, text := range []string{
		"https://keys.example/jwks", "http://keys.example", "https://127.0.0.1", "https://0x7f.1", "https://2130706433", "https://[::ffff:127.0.0.1]",
		"https://[::1%25lo]", "https://a@b.example", "https://keys.example#x", "https://keys.example:22", "https://169.254.169.254", "https://017700000001",
		"https://localhost.", "https:\\\\127.0.0.1", "https://keys.example\t", "https://１２７.0.0.1", "https:keys.example",
	} {
		f.Add(text)
	}
	client := fetch.New(fetch.Config{})
	f.Fuzz(func(t *testing.T, text string) {
		if err := client.Check(text); err != nil {
			if !errors.Is(err, fetch.ErrRefused) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" {
			t.Fatalf("%q may be asked", text)
		}
		host := strings.TrimSuffix(u.Hostname(), ".")
		if address, err := netip.ParseAddr(host); err == nil {
			if !fetch.Public(address) {
				t.Fatalf("%q may be asked, at %s", text, address)
			}
			return
		}
		// A name whose last label is a number is an address to some programs.
		last := host[strings.LastIndexByte(host, '.')+1:]
		if !strings.Contains(host, ".") || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(strings.ToLower(last), "0x") || strings.ContainsAny(host, " %/\\@:") {
			t.Fatalf("%q may be asked, at %q", text, host)
		}
	})
}
