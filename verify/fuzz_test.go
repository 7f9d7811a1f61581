package verify

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// FuzzMetadata: no metadata panics, none of another issuer counts, and keys are
// fetched by https or, where that is allowed, by http.
func FuzzMetadata(f *testing.F) {
	const issuer = "https://a.example"
	for _, body := range []string{
		`{"issuer":"https://a.example","jwks_uri":"https://a.example/jwks.json"}`, `{"issuer":"https://b.example","jwks_uri":"https://b.example/"}`,
		`{"issuer":"https://a.example","jwks_uri":"http://127.0.0.1/"}`, `{"issuer":"https://a.example","jwks_uri":"http://b.example/"}`,
		`{"issuer":"https://a.example","jwks_uri":"https://u:p@a.example/"}`, `{"issuer":["https://a.example"]}`, `[]`, ``,
	} {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, allowHTTP bool) {
		keys, err := parseMetadata(issuer, body, allowHTTP)
		if err != nil {
			if keys != "" {
				t.Fatalf("%q: %q, %v", body, keys, err)
			}
			return
		}
		var want struct {
			Issuer string
			Keys   string `json:"jwks_uri"`
		}
		if err := json.Unmarshal(body, &want); err != nil || want.Issuer != issuer || want.Keys != keys {
			t.Fatalf("%q: %q, not %+v, %v", body, keys, want, err)
		}
		u, err := url.Parse(keys)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !allowHTTP && !isLoopback(u.Hostname())) {
			t.Fatalf("%q: keys would be fetched from %q", body, keys)
		}
	})
}

// FuzzCacheControl: whatever an issuer says about its documents, they are kept for
// no time, a time of whole seconds, or one that is not said.
func FuzzCacheControl(f *testing.F) {
	f.Add("public, max-age=300", "10")
	f.Add(`max-age="5", MAX-AGE=99999999999999999999`, "-1")
	f.Add("max-age=1, no-store", "")
	f.Add("max-age", "99999999999999999999")
	f.Fuzz(func(t *testing.T, control, age string) {
		fresh := freshness(http.Header{"Cache-Control": {control}, "Age": {age}})
		if fresh != -1 && (fresh < 0 || fresh%time.Second != 0 || fresh > (1<<31)*time.Second) {
			t.Fatalf("%q of %q is kept for %v", control, age, fresh)
		}
		if forbidden := freshness(http.Header{"Cache-Control": {control, "no-store"}, "Age": {age}}); forbidden != 0 {
			t.Fatalf("%q with no-store is kept for %v", control, forbidden)
		}
	})
}
