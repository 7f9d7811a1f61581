package dialects_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

// small is a spec without mistakes; the cases below each break one line of it.
const small = `name: acme
description: Acme's old service
grants: [client_credentials]
lifetime: { default: 300, max: 600 }
settings:
  - { name: site, default: tenant.slug }
claims:
  - { name: site, from: setting.site }
errors:
  form: code
  rules:
    - { code: invalid_client, reason: missing, status: 400 }
routes:
  - method: POST
    path: /acme/token
    operation: token
    body: [form, json]
    client: [basic_raw, body]
    params:
      - { name: grant_type, value: client_credentials }
      - { name: scope, as: [scope, scopes] }
    answer:
      - { name: token, value: access_token }
`

func TestASpecWithoutMistakes(t *testing.T) {
	spec, err := dialects.Parse("acme.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if spec.Name != "acme" || spec.Path(dialects.Token) != "/acme/token" {
		t.Errorf("got %s at %s", spec.Name, spec.Path(dialects.Token))
	}
}

// Each mistake is told by its line, with a word of what is wrong or allowed.
func TestMistakesAreToldByLine(t *testing.T) {
	for _, test := range []struct{ old, mistake, line, says string }{
		{"name: acme", "name: Acme!", "1", "a-z"},
		{"description:", "descripton:", "2", "descripton"},
		{"[client_credentials]", "[client_credential]", "3", "client_credentials"},
		{"[client_credentials]", `["urn:gatehouse:params:oauth:grant-type:teleport"]`, "3", "client_credentials"},
		{"[client_credentials]", "[password]", "20", "does not serve"},
		{"lifetime:", "unavailable_scopes: forget\nlifetime:", "4", "refuse, ignore"},
		{"default: 300", "default: 900", "4", "max"},
		{"max: 600", "max: 90000", "4", "86400"},
		{"max: 600", "max: soon", "4", "lifetime.max: must be a whole number"},
		{"default: tenant.slug", "default: tenant.secret", "6", "tenant.slug"},
		{"from: setting.site", "from: setting.place", "8", "place"},
		{"name: site, from", "name: sub, from", "8", "decided"},
		{"name: site, from", "name: scope, from", "8", "scope"},
		{"name: site, from", "name: ſub, from", "8", "decided"},
		{"name: site, from", "name: May_Act, from", "8", "decided"},
		{"name: site, from", "name: auth_time, from", "8", "from iat"},
		{"form: code", "form: xml", "10", "text"},
		{"code: invalid_client, r", "code: invalid, r", "12", "invalid_client"},
		{"reason: missing", "reason: odd", "12", "missing"},
		{"status: 400", "status: 200", "12", "400 to 599"},
		{"status: 400", "status: 400, status: 401", "12", "status"},
		{"method: POST", "method: PUT", "14", "POST"},
		{"path: /acme/token", "path: acme/token", "15", "/"},
		{"path: /acme/token", "path: /acme/../token", "15", "/"},
		{"path: /acme/token", "path: /t/token", "15", "platform"},
		{"path: /acme/token", "path: /admin/v1", "15", "platform"},
		{"path: /acme/token", "path: /acme/:id", "15", "letters"},
		{"operation: token", "operation: tokens", "16", "introspect"},
		{"operation: token", "operation: jwks", "23", "fixed"},
		{"operation: token", "operation: token\n    status: 204", "17", "no body"},
		{"operation: token", "operation: token\n    status: 302", "17", "200 to 299"},
		{"operation: token", "operation: introspect\n    status: 201", "17", "fixed"},
		{"operation: token", "operation: token\n    content_type: json;", "17", "media type"},
		{"operation: token", "operation: token\n    grants: []", "17", "empty"},
		{"client: [basic_raw, body]", "client: []", "18", "empty"},
		{"path: /acme/token", "path: /device/decision", "15", "platform"},
		{"operation: token", "operation: token\n    items: list", "17", "the answer of token is no list"},
		{"operation: token", "operation: profile", "16", "client"},
		{"operation: token", "operation: sign_in", "14", "cookie"},
		{"operation: token", "operation: token\n    cookie: acme", "17", "only sign_in"},
		{"operation: token", "operation: token\n    location: /x", "17", "only sign_in"},
		{"name: scope, as: [scope, scopes]", "name: session", "21", "cookie only"},
		{"claims:", "client: { grants: [client_credentials] }\nclaims:", "7", "nothing proves who asks"},
		{"body: [form, json]", "body: [xml]", "17", "json"},
		{"client: [basic_raw, body]", "client: [digest]", "18", "basic_raw"},
		{"client: [basic_raw, body]", "client: [stand_in]", "18", "client"},
		{"name: grant_type, value", "name: gramt_type, value", "20", "grant_type"},
		{"      - { name: grant_type, value: client_credentials }\n", "", "20", "needs the parameter grant_type"},
		{"name: scope, as", "name: grant_type, as", "21", "twice"},
		{"as: [scope, scopes]", "from: [header]", "21", "query"},
		{"name: scope, as: [scope, scopes]", "name: client_secret, value: x", "21", "secret"},
		{"name: scope, as: [scope, scopes]", "name: password, values: { easy: x }", "21", "secret"},
		{"as: [scope, scopes]", "equals: place", "21", "place"},
		{"as: [scope, scopes]", "missing: bad", "21", "invalid_request"},
		{"value: access_token", "value: id_token", "23", "access_token"},
		{"value: access_token }", "value: access_token }\n      - { name: token, value: scope }", "24", "twice"},
		{"value: access_token", "value: access_token, as: xml", "23", "list"},
		{"name: scope, as: [scope, scopes]", "name: password, from: [query]", "14", "secret_in_query"},
		{"name: scope, as: [scope, scopes]", "name: session, from: [cookie]", "21", "cookie"},
		{"    body: [form, json]\n", "    body: [form, json]\n    unsafe: [get_that_acts]\n", "18", "get_that_acts"},
	} {
		t.Run(test.mistake, func(t *testing.T) {
			text := strings.Replace(small, test.old, test.mistake, 1)
			if text == small {
				t.Fatalf("there is no %q to break", test.old)
			}
			_, err := dialects.Parse("acme.yaml", []byte(text))
			if err == nil {
				t.Fatal("the mistake was not seen")
			}
			if want := "acme.yaml:" + test.line + ": "; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v; want %q and %q", err, want, test.says)
			}
		})
	}
}

// several is a spec with two routes of one method and path; the cases below each
// break it.
const several = `name: acme
routes:
  - method: POST
    path: /acme/token
    operation: token
    body: [form, none]
    params:
      - { name: grant_type, from: [body, query], first: true, values: { people: password, programs: client_credentials } }
    answer: [{ name: token, value: access_token }]
  - method: POST
    path: /acme/token
    operation: token
    answer: [{ name: access_token, value: access_token }]
`

func TestMistakesOfRoutesThatShareAPath(t *testing.T) {
	if _, err := dialects.Parse("acme.yaml", []byte(several)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ old, mistake, says string }{
		{", values: { people: password, programs: client_credentials }", "", "acme.yaml:8: routes[0].params: POST /acme/token is there again"},
		{"    answer: [{ name: access_token", "    params: [{ name: grant_type, values: { people: password } }]\n    answer: [{ name: access_token", "acme.yaml:8: routes[0].params: the grant_type people is also that of a later route"},
		{"    operation: token\n    answer", "    operation: token\n    shared_host: true\n    answer", "acme.yaml:3: routes[0]: shared_host and trailing_slash must be those of the other routes"},
		{"    operation: token\n    answer: [{ name: access_token, value: access_token }]", "    operation: revoke", "acme.yaml:4: routes[0].path: POST /acme/token is there twice"},
		{"from: [body, query], first", "first", "acme.yaml:8: routes[0].params[0].first: needs several places"},
		{"name: grant_type, from", "name: password, from", "password is secret"},
		{"  - method: POST\n    path: /acme/token\n    operation: token\n    body", "  - &route\n    method: POST\n    path: /acme/token\n    operation: token\n    body", ""},
	} {
		text := strings.Replace(several, test.old, test.mistake, 1)
		if test.says == "" { // the whole route again, as an alias
			text, test.says = text+"  - *route\n", "the grant_type people is also that of a later route"
		}
		if _, err := dialects.Parse("acme.yaml", []byte(text)); text == several || err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", test.mistake, err)
		}
	}
}

// signIn is a spec whose route signs people in; the cases below each break it.
const signIn = `name: acme
client: { grants: [password] }
routes:
  - method: POST
    path: /acme/login
    operation: sign_in
    client: [stand_in]
    params:
      - { name: username }
      - { name: password }
    cookie: acme
    status: 302
    location: /acme/home
`

func TestMistakesOfSigningIn(t *testing.T) {
	if _, err := dialects.Parse("acme.yaml", []byte(signIn)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ old, mistake, says string }{
		{"cookie: acme", "cookie: __Host-acme", "acme.yaml:11: "},
		{"cookie: acme", "cookie: gatehouse-x", "acme.yaml:11: "},
		{"cookie: acme", "cookie: a;b", "acme.yaml:11: "},
		{"    cookie: acme\n", "", "cookie"},
		{"status: 302", "status: 200", "acme.yaml:13: "},
		{"    location: /acme/home\n", "", "location"},
		{"location: /acme/home", "location: //evil.example", "acme.yaml:13: "},
		{"location: /acme/home", "location: https://evil.example", "acme.yaml:13: "},
		{"      - { name: password }\n", "", "needs the parameter password"},
		{"operation: sign_in", "operation: sign_in\n    grants: [refresh_token]", "acme.yaml:7: routes[0].grants"},
		{"grants: [password]", `grants: ["urn:gatehouse:params:oauth:grant-type:user-and-client"]`, "nothing proves"},
	} {
		text := strings.Replace(signIn, test.old, test.mistake, 1)
		if _, err := dialects.Parse("acme.yaml", []byte(text)); text == signIn || err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", test.mistake, err)
		}
	}
}

// The example of the guide is a spec that a server takes.
func TestTheExampleOfTheGuide(t *testing.T) {
	set, err := dialects.Load("../docs/examples/dialect")
	if err != nil || set.Lookup("acme") == nil {
		t.Fatal(err)
	}
}

func TestAGetThatActsMustSaySo(t *testing.T) {
	text := strings.Replace(small, "method: POST", "method: GET", 1)
	text = strings.Replace(text, "    body: [form, json]\n", "", 1)
	if _, err := dialects.Parse("acme.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "get_that_acts") {
		t.Errorf("got %v", err)
	}
	if _, err := dialects.Parse("acme.yaml", []byte(text+"    unsafe: [get_that_acts]\n")); err != nil {
		t.Error(err)
	}
}

func TestOperatorsOwnSpecsAreLoaded(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("acme.yaml", small)
	write("notes.txt", "no spec")
	set, err := dialects.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if set.Lookup("acme") == nil || set.Lookup("dealcloud") == nil || set.Lookup("standard") != nil {
		t.Errorf("got %v", set.Others())
	}
	for _, test := range []struct{ old, mistake, says string }{
		{"name: acme", "name: dealcloud", "dealcloud"},
		{"name: acme", "name: standard", "standard"},
		{"path: /acme/token", "path: /oauth2/token", "b.yaml:15: routes[0].path: /oauth2/token is a path of the default spec"},
		{"path: /acme/token", "path: /oauth/token\n    shared_host: true", "b.yaml:15: routes[0].path: POST /oauth/token belongs to the dialect content-hub-one"},
		{"method: POST", "methd: POST", "b.yaml:14: "},
	} {
		write("b.yaml", strings.Replace(strings.Replace(small, test.old, test.mistake, 1), "name: acme\n", "name: b\n", 1))
		if _, err := dialects.Load(dir); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", test.mistake, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "b.yaml")); err != nil {
		t.Fatal(err)
	}
	write("c.yml", small)
	if _, err := dialects.Load(dir); err == nil || !strings.Contains(err.Error(), "c.yml: is not read") {
		t.Errorf("another ending: got %v", err)
	}
	if _, err := dialects.Load(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a directory that is not there was taken for an empty one")
	}
}

func FuzzSpec(f *testing.F) {
	f.Add(small)
	f.Add("routes: [null]")
	f.Add("a: &a [*a]")
	f.Add("name: x\nroutes:\n  - &r { method: GET }\n  - *r\n")
	entries, err := os.ReadDir("specs")
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join("specs", entry.Name()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := dialects.Parse("fuzz.yaml", []byte(text))
		if err != nil {
			if !strings.Contains(err.Error(), "fuzz.yaml") {
				t.Fatalf("the file is not named: %v", err)
			}
			return
		}
		for _, r := range spec.Routes {
			if r.Method == "GET" && r.Operation == dialects.Token && len(r.Unsafe) == 0 {
				t.Fatalf("a GET that gives tokens is not called unsafe: %+v", r)
			}
		}
	})
}
