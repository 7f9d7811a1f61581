package fetch_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/gatehouse-auth/gatehouse/fetch"
)

// Class I: every form of an address that is not public.
func TestClassIPublic(t *testing.T) {
	for _, closed := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"100.64.0.1", "100.100.100.200", "100.127.255.255", "169.254.169.254", "169.254.0.1", "168.63.129.16", "192.0.0.192",
		"192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1",
		"64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1",
		"fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "3fff::1", "5f00::1", "100::1", "2606:4700::1%eth0", "::ffff:1.1.1.1%eth0",
	} {
		if fetch.Public(netip.MustParseAddr(closed)) {
			t.Errorf("%s counts as public", closed)
		}
	}
	for _, open := range []string{
		"1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.0.1.1", "223.255.255.255", "168.63.129.17",
		"2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
	} {
		if !fetch.Public(netip.MustParseAddr(open)) {
			t.Errorf("%s does not count as public", open)
		}
	}
	if fetch.Public(netip.Addr{}) {
		t.Error("no address counts as public")
	}
}

func TestAllowList(t *testing.T) {
	for _, bad := range []string{"10.0.0.1/8", "::ffff:10.0.0.0/104", "a b", "*", "*.*.x", "0177.0.0.1", "2130706433", "0x7f.0x1", "fe80::1%eth0"} {
		var allow fetch.Allow
		if err := allow.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken as %v", bad, allow)
		}
	}
	var allow fetch.Allow
	if err := allow.UnmarshalText([]byte(" 10.0.0.0/8, ::1 ,IdP.corp.example,*.svc.example.,,::ffff:192.168.0.1 ")); err != nil {
		t.Fatal(err)
	}
	if got, want := allow.String(), "10.0.0.0/8,::1/128,192.168.0.1/32,idp.corp.example,*.svc.example"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Beyond port 443 only what is allowed may be asked.
func TestAllowedNames(t *testing.T) {
	c := fetch.New(fetch.Config{Allow: allow(t, "idp.example,*.svc.example,dotted.example.")})
	for _, host := range []string{"idp.example", "IdP.example.", "a.svc.example", "b.a.svc.example", "dotted.example", "dotted.example."} {
		if err := c.Check("https://" + host + ":9443/"); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"evilidp.example", "a.idp.example", "svc.example", "evilsvc.example", ".svc.example", "idp.example.evil.example"} {
		if err := c.Check("https://" + host + ":9443/"); !errors.Is(err, fetch.ErrRefused) {
			t.Errorf("%s: %v", host, err)
		}
	}
}
