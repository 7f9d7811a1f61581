package grants_test

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
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
	f.Add(strings.Repeat("\n", len(given)), "shop", "https://shop.example", int64(1)) // no byte at all
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

// Whatever a tenant's endpoint answers, it decides about one subject, in scopes
// that are scopes, for a time, and makes no claim that is the platform's.
func FuzzRemoteDecision(f *testing.F) {
	for _, body := range []string{
		`{"sub":"u","scopes":["data"],"claims":{"n":1e400,"o":{"p":[null]}},"expires_in":60}`, `{"username":"ann","scopes":[]}`, `{"sub":"u","username":"ann"}`,
		`{"sub":"u","sub":"v"}`, `{"sub":"u","claims":{"iss":"x"}}`, `{"sub":"u","expires_in":0}`, `{"sub":"u","scopes":["a b"]}`, `{"sub":null,"username":"ann"}`,
		`{"sub":"u"}{}`, `{"Sub":"u"}`, `[]`, `{"sub":"u","claims":null}`, `{"sub":"\ud800"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := grants.ReadDecision(body)
		if err != nil {
			return
		}
		if (d.Subject == "") == (d.Username == "") || d.ExpiresIn < 0 || len(d.Claims) > grants.MaxRemoteClaims {
			t.Fatalf("%s decides %+v", body, d)
		}
		if d.Scopes != nil {
			for _, scope := range *d.Scopes {
				if !oauth.ValidScope(scope) {
					t.Fatalf("%s grants %q", body, scope)
				}
			}
		}
		for name, value := range d.Claims {
			if oauth.ReservedClaim(name) || value == nil {
				t.Fatalf("%s claims %s", body, name)
			}
		}
		if text, err := json.Marshal(d.Claims); err != nil || !json.Valid(text) {
			t.Fatalf("%s claims what cannot be written: %v", body, err)
		}
	})
}

// Whatever it refuses with, the client is told a code of a few, and little text.
func FuzzRemoteRefusal(f *testing.F) {
	for _, body := range []string{
		`{"error":"access_denied","error_description":"no"}`, `{"error":"server_error"}`, `{"error":""}`, `{"error":1}`, `{"error":"slow_down","error_description":null}`,
		`{"error":"x","error_description":"a` + strings.Repeat("ä", 150) + `"}`, `{"error":"a","error":"b"}`, `{}`, `null`,
	} {
		f.Add([]byte(body))
	}
	told := []oauth.Code{oauth.InvalidGrant, oauth.InvalidRequest, oauth.InvalidScope, oauth.AccessDenied, oauth.AuthorizationPending, oauth.SlowDown}
	f.Fuzz(func(t *testing.T, body []byte) {
		refused, err := grants.ReadRefusal(body)
		if err != nil {
			return
		}
		if !slices.Contains(told, refused.Code) || len(refused.Description) > 200 || !utf8.ValidString(refused.Description) || refused.RetryAfter != 0 {
			t.Fatalf("%s is told as %+v", body, refused)
		}
	})
}
