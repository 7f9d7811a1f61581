package tenants_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestNormalHost(t *testing.T) {
	for host, want := range map[string]string{
		"ACME.Example.:8443": "acme.example", "a-1.example": "a-1.example", "acme.example:": "acme.example", "127.0.0.1:80": "127.0.0.1",
		"[::1]": "::1", "[2001:DB8:0::1]:8443": "2001:db8::1",
		"[::1": "", "[::1]x:80": "", "[fe80::1%eth0]": "", "[127.0.0.1]": "", "[acme.example]": "", "::1": "",
		"acme.example:123456": "", "acme.example:8O": "", "acme.example:80:80": "",
		"acme_1": "", "acme example": "", "acme/t": "", "acme@x": "", "{acme}": "", "`acme": "", "acme;": "", "ácme": "",
	} {
		if got := tenants.NormalHost(host); got != want {
			t.Errorf("%q is the host %q, want %q", host, got, want)
		}
	}
}

// A host is looked up in one form only, and what cannot be a host is none.
func FuzzNormalHost(f *testing.F) {
	for _, host := range []string{"acme.example", "ACME.example.:8443", "[::1]:80", "[::1%25x]", "a@b", "acme.example:80:90", "..", "[", "acme.example\x00", "[acme.example]", "[::1]x", "acme.example:x", "ácme"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		normal := tenants.NormalHost(host)
		if strings.Trim(normal, "abcdefghijklmnopqrstuvwxyz0123456789.-:") != "" {
			t.Fatalf("%q is the host %q", host, normal)
		}
		if normal == "" {
			return
		}
		if strings.Contains(normal, ":") { // an IPv6 address has another form in a URL
			if again := tenants.NormalHost("[" + normal + "]:443"); again != normal {
				t.Fatalf("%q is the host %q, and in brackets %q", host, normal, again)
			}
			return
		}
		for _, same := range []string{strings.ToUpper(normal), normal + ":443"} {
			if again := tenants.NormalHost(same); again != normal && !strings.HasSuffix(normal, ".") {
				t.Fatalf("%q is the host %q, and %q is %q", host, normal, same, again)
			}
		}
	})
}
