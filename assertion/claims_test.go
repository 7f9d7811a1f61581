package assertion_test

import (
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/assertion/assertiontest"
)

func TestClaimsOfAnotherTypeAreRefused(t *testing.T) {
	for _, bad := range []string{
		`null`, `[]`, `{"iss":1}`, `{"sub":["c"]}`, `{"sub":null}`, `{"jti":{}}`, `{"exp":"1800000000"}`, `{"exp":null}`, `{"exp":true}`, `{"exp":1e400}`, `{"exp":-1}`, `{"exp":0}`,
		`{"exp":1e12}`, `{"nbf":"x"}`, `{"iat":[1]}`, `{"aud":1}`, `{"aud":{}}`, `{"aud":null}`, `{"aud":[1]}`, `{"sub":"a","sub":"b"}`, `{"exp":1,"exp":2}`,
	} {
		if token, err := assertion.Read(assertiontest.Sign(map[string]any{"alg": "EdDSA"}, bad, "none", nil) + "AA"); err == nil {
			t.Errorf("%s was read as %+v", bad, token.Claims)
		}
	}
}

func TestTimes(t *testing.T) {
	at := func(d time.Duration) float64 { return float64(now.Add(d).UnixNano()) / 1e9 }
	for _, test := range []struct {
		name  string
		claim []any
		want  string // the error; empty: valid
	}{
		{"a minute", nil, ""},
		{"no exp", []any{"exp", nil}, "it has no exp"},
		{"just over", []any{"exp", at(0)}, "it has expired"},
		{"long over", []any{"exp", at(-time.Hour)}, "it has expired"},
		{"half a second", []any{"exp", at(500 * time.Millisecond)}, ""},
		{"5 minutes", []any{"exp", at(5 * time.Minute)}, ""},
		{"5 minutes and the tolerance", []any{"exp", at(5*time.Minute + assertion.Tolerance)}, ""},
		{"more", []any{"exp", at(5*time.Minute + assertion.Tolerance + time.Second)}, "its exp is more than 5m0s away"},
		{"a year", []any{"exp", at(365 * 24 * time.Hour)}, "its exp is more than 5m0s away"},
		{"nbf 10 s ahead", []any{"nbf", at(10 * time.Second)}, ""},
		{"nbf 61 s ahead", []any{"nbf", at(61 * time.Second)}, "its nbf lies ahead"},
		{"iat 10 s ahead", []any{"iat", at(10 * time.Second)}, ""},
		{"iat 61 s ahead", []any{"iat", at(61 * time.Second)}, "its iat lies ahead"},
		{"nbf and iat past", []any{"nbf", at(-time.Hour), "iat", at(-time.Hour)}, ""},
	} {
		got := ""
		if err := read(t, assertiontest.Sign(map[string]any{"alg": "EdDSA"}, claims(test.claim...), "none", nil)+"AA").Claims.ValidAt(now, 5*time.Minute); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

func TestTexts(t *testing.T) {
	token := read(t, assertiontest.Sign(map[string]any{"alg": "EdDSA"}, `{"one":"a","many":["a","b"],"n":1,"null":null,"mixed":["a",1],"o":{}}`, "none", nil)+"AA")
	for name, want := range map[string][]string{"one": {"a"}, "many": {"a", "b"}, "n": nil, "null": nil, "mixed": nil, "o": nil, "absent": nil, "ONE": nil} {
		if got := token.Claims.Texts(name); !slices.Equal(got, want) {
			t.Errorf("%s is %q", name, got)
		}
	}
}
