package dialects_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// anyJSON is a spec whose token endpoint takes JSON.
func anyJSON(t testing.TB, ignoreCase string) *dialects.Route {
	t.Helper()
	return parsed(t, `name: json
routes:
  - method: POST
    path: /token
    operation: token
    body: [json]
    others: true
    ignore_case: `+ignoreCase+`
    params:
      - { name: name, as: [model.Name, model.Title] }
      - { name: expires_in, as: [expirationInSeconds] }
    answer:
      - { name: token, value: access_token }
`).Routes[0]
}

func parsed(t testing.TB, text string) *dialects.Spec {
	t.Helper()
	spec, err := dialects.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func send(t testing.TB, r *dialects.Route, target, contentType, body string, headers ...string) (*dialects.Request, error) {
	t.Helper()
	req, err := http.NewRequest(r.Method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return r.Decode(req, []byte(body))
}

func TestJSONBodies(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	for _, test := range []struct {
		name, body string
		ignoreCase string
		want       oauth.Params
		code       oauth.Code
	}{
		{
			name: "texts, numbers, truth", body: `{"scope":"a b","username":7,"state":true,"x":1.50}`,
			want: oauth.Params{"scope": "a b", "username": "7", "state": "true", "x": "1.50"},
		},
		{name: "empty and null are absent", body: `{"scope":"","state":null}`, want: oauth.Params{}},
		{name: "members of members", body: `{"model":{"Name":"CLI","Prefix":"p"}}`, want: oauth.Params{"name": "CLI", "model.Prefix": "p"}},
		{name: "arrays are passed over", body: `{"scope":["a",{"b":[]}],"state":"s"}`, want: oauth.Params{"state": "s"}},
		{name: "any case, where the spec says so", ignoreCase: "true", body: `{"SCOPE":"a","MODEL":{"name":"n"}}`, want: oauth.Params{"scope": "a", "name": "n"}},
		{name: "case matters, where it does not", body: `{"Scope":"a"}`, want: oauth.Params{"Scope": "a"}},
		{name: "repeated", body: `{"scope":"a","scope":"a"}`, code: oauth.InvalidRequest},
		{name: "repeated in another case", ignoreCase: "true", body: `{"scope":"a","Scope":"a"}`, code: oauth.InvalidRequest},
		{name: "two spellings", body: `{"model":{"Name":"a","Title":"a"}}`, code: oauth.InvalidRequest},
		{name: "repeated by a dotted name", body: `{"model":{"x":"a"},"model.x":"b"}`, code: oauth.InvalidRequest},
		{name: "too deep", body: deep, code: oauth.InvalidRequest},
		{name: "an array", body: `["scope"]`, code: oauth.InvalidRequest},
		{name: "two objects", body: `{"scope":"a"}{}`, code: oauth.InvalidRequest},
		{name: "cut short", body: `{"scope":"a"`, code: oauth.InvalidRequest},
		{name: "nothing", body: ``, code: oauth.InvalidRequest},
		{name: "not UTF-8", body: "{\"scope\":\"\xff\"}", code: oauth.InvalidRequest},
		{name: "many members", body: `{"a` + strings.Join(strings.Split(strings.Repeat("b", 100), ""), `":1,"a`) + `":1}`, code: oauth.InvalidRequest},
		{name: "another name", body: `{"expirationInSeconds":600,"expires_in":900}`, want: oauth.Params{"expires_in": "600"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.ignoreCase == "" {
				test.ignoreCase = "false"
			}
			got, err := send(t, anyJSON(t, test.ignoreCase), "/token", "application/json", test.body)
			if code := codeOf(err); code != test.code {
				t.Fatalf("got %v, want %q", err, test.code)
			}
			if diff := cmp.Diff(test.want, got.Params); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzJSONBody(f *testing.F) {
	f.Add(`{"grant_type":"client_credentials","client_id":106,"a":{"b":[1,{}]}}`, true)
	f.Add(`{"a":{"b":{"c":{"d":{}}}}}`, false)
	f.Add(`{"a":1,"A":2}`, true)
	f.Add("{\"\":\"\",\"\u017f\":\"\",\"s\":1}", true)
	strict, lax := anyJSON(f, "false"), anyJSON(f, "true")
	f.Fuzz(func(t *testing.T, body string, ignoreCase bool) {
		route := strict
		if ignoreCase {
			route = lax
		}
		got, err := send(t, route, "/token", "application/json", body)
		if err != nil {
			if code := codeOf(err); code != oauth.InvalidRequest {
				t.Fatalf("unexpected error %v", err)
			}
			return
		}
		for name, value := range got.Params {
			if value == "" || name == "client_secret" || !utf8.ValidString(name) || !utf8.ValidString(value) {
				t.Fatalf("parameter %q = %q got through", name, value)
			}
		}
	})
}
