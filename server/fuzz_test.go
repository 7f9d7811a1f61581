package server_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/server"
)

// Who is no proxy of ours says nothing of where a request comes from or goes to;
// and what counts as an address is one.
func FuzzForwardedHeaders(f *testing.F) {
	f.Add("127.0.0.9:1234", "203.0.113.66, 198.51.100.7", "acme.example")
	f.Add("192.0.2.1:1", "127.0.0.1", "evil.example")
	f.Add("[::ffff:127.0.0.9]:1", "::ffff:127.0.0.9,, fe80::1%eth0", "a, b,")
	f.Add("@", "unknown, _hidden, [::1]:80", "")
	trusted := netip.MustParsePrefix("127.0.0.9/32")
	f.Fuzz(func(t *testing.T, peer, forwarded, host string) {
		request := &http.Request{RemoteAddr: peer, Host: "gatehouse.example", Header: http.Header{
			"X-Forwarded-For": {forwarded}, "X-Forwarded-Host": {host},
		}}
		address, asked := server.Seen(server.Config{TrustedProxies: []netip.Prefix{trusted}}, request)
		from, err := netip.ParseAddrPort(peer)
		if err == nil && trusted.Contains(from.Addr().Unmap()) {
			if _, err := netip.ParseAddr(address); err != nil {
				t.Fatalf("behind a proxy the client's address is %q", address)
			}
			if asked != "gatehouse.example" && !strings.HasSuffix(strings.TrimSpace(host), asked) {
				t.Fatalf("the host is %q and not the last one of %q", asked, host)
			}
			return
		}
		if err == nil && address != from.Addr().Unmap().String() || asked != "gatehouse.example" {
			t.Fatalf("from %q: the client's address is %q, the host %q", peer, address, asked)
		}
	})
}

// A document is left out only where a client has named its tag, or any.
func FuzzIfNoneMatch(f *testing.F) {
	const ours = `"a1"`
	for _, header := range []string{ours, `W/"a1"`, `"b2", "a1"`, `*`, `"a1`, `a1`, `"A1"`, `W/W/"a1"`, `"b2,"a1"`, ``} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if server.Holds(header, ours) && !strings.Contains(header, ours) && !strings.Contains(header, "*") {
			t.Fatalf("%q holds %s", header, ours)
		}
		for _, named := range []string{ours, header + "," + ours, " W/" + ours + " ," + header} {
			if !server.Holds(named, ours) {
				t.Fatalf("%q does not hold %s", named, ours)
			}
		}
	})
}
