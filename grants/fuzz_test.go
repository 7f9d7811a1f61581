package grants_test

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
)

// What people type is a user code or nothing, whatever stands between its letters.
func FuzzUserCode(f *testing.F) {
	for _, typed := range []string{"BCDF-GHJK", "bcdf ghjk", "b.c_d\u2011f\u2013ghjk", "AAAA-AAAA", "BCDFGHJ", "BCDFGHJKL", "ß", "\xffBCDFGHJK", "ＢCDFGHJK"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code := grants.NormalUserCode(typed)
		if code == "" {
			return
		}
		if len(code) != 8 || strings.Trim(code, "BCDFGHJKLMNPQRSTVWXZ") != "" {
			t.Fatalf("%q is the code %q", typed, code)
		}
		for _, same := range []string{code, strings.ToLower(code), code[:4] + "-" + code[4:], " " + typed + " "} {
			if again := grants.NormalUserCode(same); again != code {
				t.Fatalf("%q is the code %q, and %q is %q", typed, code, same, again)
			}
		}
		letters := 0
		for _, r := range typed {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				letters++
			}
		}
		if letters != len(code) {
			t.Fatalf("%q has %d letters and is the code %q", typed, letters, code)
		}
	})
}

// Nothing proves but what was given, to whom it was given, until it ends.
func FuzzSessionProof(f *testing.F) {
	at := time.Unix(1_800_000_000, 0)
	visit := grants.NewVisit("gatehouse_session_x")
	given := grants.Prove(visit, "shop", "https://shop.example", at)
	f.Add(given, "shop", "https://shop.example", int64(0))
	f.Add(given, "shop", "https://shop.example", int64(grants.ProofLife))
	f.Add(given[1:], "shop", "https://shop.example", int64(1))
	f.Add(given+"=", "shop", "https://shop.example", int64(1))
	f.Add(given+"\n", "shop", "https://shop.example", int64(1))
	f.Add(given, "sho", "phttps://shop.example", int64(1))
	f.Add("", "", "", int64(0))
	f.Fuzz(func(t *testing.T, proof, clientID, origin string, later int64) {
		now := at.Add(time.Duration(later))
		expiry, ok := grants.Proves(visit, proof, clientID, origin, now)
		if !ok {
			return
		}
		if clientID != "shop" || origin != "https://shop.example" || !now.Before(expiry) || expiry.After(at.Add(grants.ProofLife)) {
			t.Fatalf("%q proves for %q of %q until %v", proof, clientID, origin, expiry)
		}
		if raw, err := base64.RawURLEncoding.DecodeString(proof); err != nil || base64.RawURLEncoding.EncodeToString(raw) != proof {
			t.Fatalf("%q proves, and is not the only spelling of %x", proof, raw)
		}
	})
}

// Attempts are counted by an IPv4 address or by a household's IPv6 network, and
// places that are one are counted as one.
func FuzzSource(f *testing.F) {
	for _, address := range []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "fe80::1%eth0", "192.0.2.01", "[::1]", "", "1.2.3"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		from := grants.Source(address)
		if from == "" {
			if _, err := netip.ParseAddr(address); err == nil {
				t.Fatalf("%q is no place", address)
			}
			return
		}
		if ip, err := netip.ParseAddr(from); err == nil {
			if !ip.Is4() || grants.Source("::ffff:"+from) != from {
				t.Fatalf("%q is the place %q", address, from)
			}
			return
		}
		network, err := netip.ParsePrefix(from)
		if err != nil || network.Bits() != 64 || network != network.Masked() || grants.Source(network.Addr().Next().String()) != from {
			t.Fatalf("%q is the place %q", address, from)
		}
	})
}
