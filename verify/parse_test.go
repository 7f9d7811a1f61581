package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejson "github.com/go-jose/go-jose/v4/json"
)

const sampleClaims = `{"iss":"https://a.example","sub":"u","aud":["x","y"],"exp":1790000000,"iat":1.79e9,"jti":"j",` +
	`"client_id":"c","scope":"a b","groups":[ "g\u0020h" , "]}," ],"act":{"sub":"s","act":{"sub":"t"}},"more":{"a":[1,{"b":"\"}"}]}}`

// FuzzParse: whatever is taken for a token, go-jose takes for a signed one with
// the same header and payload.
func FuzzParse(f *testing.F) {
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"k","typ":"at+jwt"}`))
	payload := base64.RawURLEncoding.EncodeToString([]byte(sampleClaims))
	f.Add(header + "." + payload + ".AAAA")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","k\u0069d":"k","typ":"AT+jwt","x":[{}]}`)) + "." + payload + ".AA")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","crit":["x"]}`)) + "..")
	f.Add(strings.Repeat(".", 100))
	f.Fuzz(func(t *testing.T, raw string) {
		jws, err := parse(raw)
		if err != nil {
			return
		}
		if string(jws.input)+"."+base64.RawURLEncoding.EncodeToString(jws.signature) != raw {
			t.Fatalf("%q came out as another token", raw)
		}
		head, _, _ := strings.Cut(raw, ".")
		decoded, _ := base64.RawURLEncoding.DecodeString(head)
		var want map[string]any
		if err := json.Unmarshal(decoded, &want); err != nil {
			t.Fatalf("header %q: %v", decoded, err)
		}
		alg, _ := want["alg"].(string)
		if _, critical := want["crit"]; critical || alg != jws.alg || want["kid"] != jws.kid {
			t.Fatalf("header %q: alg %q, kid %q", decoded, jws.alg, jws.kid)
		}
		other, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(jws.alg)})
		if err == nil && !bytes.Equal(other.UnsafePayloadWithoutVerification(), jws.payload) {
			t.Fatalf("payload of %q", raw)
		}
	})
}

// FuzzMembers: an object's members are those that encoding/json sees, and nothing
// but an object has any.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{sampleClaims, `{}`, ` { "a" : "b" } `, `{"a":1,"a":2}`, `[{"a":1}]`, `"{}"`, `{"\"":"\\"}`, `{"a":[}]`, `{"a":"\ud800"}`, ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		got := map[string]json.RawMessage{}
		ok := members(object, func(name, value []byte) bool {
			got[string(name)] = value
			return true
		})
		var want map[string]json.RawMessage
		err := json.Unmarshal(object, &want)
		if err != nil || want == nil || strings.ToValidUTF8(string(object), "") != string(object) {
			if ok {
				t.Fatalf("%q was taken for an object", object)
			}
			return
		}
		if !ok || len(got) != len(want) {
			t.Fatalf("%q: %v, %q", object, ok, got)
		}
		for name, value := range want {
			if !bytes.Equal(bytes.TrimSpace(value), got[name]) {
				t.Fatalf("%q: %q is %q, not %q", object, name, got[name], value)
			}
		}
	})
}

// FuzzClaims: no claims panic, and what is read is what go-jose's exact decoder
// reads.
func FuzzClaims(f *testing.F) {
	f.Add([]byte(sampleClaims))
	f.Add([]byte(`{"aud":"","scope":[],"act":{"act":null}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		token, err := decodeClaims(payload)
		if err != nil {
			return
		}
		var want struct {
			Issuer  string `json:"iss"`
			Subject string `json:"sub"`
			ID      string `json:"jti"`
		}
		if err := josejson.Unmarshal(payload, &want); err != nil {
			return // go-jose also refuses twice named claims that nobody reads
		}
		if want.Issuer != token.Issuer || want.Subject != token.Subject || want.ID != token.ID {
			t.Fatalf("%q: %+v, not %+v", payload, token, want)
		}
	})
}

// FuzzKeys: no key set panics, and only usable keys come out of one.
func FuzzKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"x"},1]}`))
	f.Add([]byte(`{"keys":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, _ := parseKeys(body)
		for kid, key := range keys {
			if kid == "" || key.alg == "" {
				t.Fatalf("%q gave %q, %q", body, kid, key.alg)
			}
			key.verify([]byte("x"), []byte("y"))
		}
	})
}

// FuzzSchedule: no key schedule panics, none of another issuer counts, and what it
// lists is what encoding/json reads of it.
func FuzzSchedule(f *testing.F) {
	const issuer = "https://a.example"
	f.Add([]byte(`{"issuer":"https://a.example","keys":[{"kid":"a"}],"revoked":[{"kid":"b","revoked_at":"2026-01-01T00:00:00Z"},{}]}`))
	f.Add([]byte(`{"issuer":"https://b.example","revoked":[{"kid":"b"}]}`))
	f.Add([]byte(`{"issuer":"https://a.example","revoked":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		revoked, err := parseSchedule(issuer, body, time.Unix(1, 0))
		var want struct{ Issuer string }
		if json.Unmarshal(body, &want) != nil && err == nil || err == nil && want.Issuer != issuer || err != nil && revoked != nil {
			t.Fatalf("%q: %v, %v", body, revoked, err)
		}
		for kid, seen := range revoked {
			if !seen.Equal(time.Unix(1, 0)) {
				t.Fatalf("%q: %q was seen at %v", body, kid, seen)
			}
		}
	})
}

// FuzzAuthorization: what is taken for a bearer token stands in the header, alone,
// and no answer's header holds anything else of what came.
func FuzzAuthorization(f *testing.F) {
	for _, seed := range [][2]string{{"Bearer a.b.c", ""}, {"bearer  a", "a=b"}, {"Basic eDp5", ""}, {"Bearer a,b", ""}, {"Bearer\ta", "access_token=a"}, {"", "access%5Ftoken=a"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, authorization, query string) {
		r := &http.Request{URL: &url.URL{RawQuery: query}, Header: http.Header{"Authorization": {authorization}}}
		token, err := bearer(r)
		if err != nil && token != "" || err == nil && (token == "" || strings.ContainsAny(token, " ,\t") || !strings.HasSuffix(authorization, " "+token)) {
			t.Fatalf("%q is the token %q, %v", authorization, token, err)
		}
		if _, inQuery := r.URL.Query()["access_token"]; inQuery && !errors.Is(err, ErrInvalidRequest) {
			t.Fatalf("a token in the query %q: %v", query, err)
		}
		r.Header.Add("Authorization", authorization)
		if _, err := bearer(r); err == nil {
			t.Fatalf("%q twice is a token", authorization)
		}
	})
}
