package dialects_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

// None of many mistakes hides another: fields that there are not, values of the
// wrong type, and what is wrong about the rest.
func TestEveryMistakeIsTold(t *testing.T) {
	const text = `name: Acme!
descripton: x
lifetime: { default: 300, max: 90000, above: 7 }
grants: client_credentials
errors:
  rules:
    - { code: invalid_client, status: abc, status: 400 }
routes:
  - method: PUT
    path: &path /acme/token
    operation: token
    shared_host: perhaps
    client: [digest]
    params:
      - { name: grant_type, valu: x }
    answer:
      - { name: token, value: access_token, less: [1] }
  - method: POST
    path: *path
    operation: token
    unknown: 1
    answer:
      - { name: token, value: access_token }
`
	want := []string{
		"acme.yaml:1: name: must be 1 to 63",
		"acme.yaml:2: descripton: is not known: it may be one of claims, client, description,",
		"acme.yaml:3: lifetime.max: must be 1 to 86400 seconds",
		`acme.yaml:3: lifetime.above: "7" is not known`,
		"acme.yaml:4: grants: must be a list",
		"acme.yaml:7: errors.rules[0].status: must be a whole number",
		"acme.yaml:7: errors.rules[0].status: is there twice",
		`acme.yaml:9: routes[0].method: "PUT" is not known`,
		"acme.yaml:12: routes[0].shared_host: must be true or false",
		`acme.yaml:13: routes[0].client[0]: "digest" is not known`,
		"acme.yaml:15: routes[0].params[0].valu: is not known: it may be one of absent, as,",
		"acme.yaml:17: routes[0].answer[0].less: must be a whole number",
		"acme.yaml:21: routes[1].unknown: is not known",
	}
	_, err := dialects.Parse("acme.yaml", []byte(text))
	if err == nil {
		t.Fatal("no mistake was seen")
	}
	told := strings.Split(err.Error(), "\n")
	for _, one := range want {
		if n := strings.Count(err.Error(), one); n != 1 {
			t.Errorf("%q is told %d times", one, n)
		}
	}
	if len(told) != len(want) {
		t.Errorf("%d mistakes are told, want %d:\n%v", len(told), len(want), err)
	}
}

// What is no spec at all is told in words of YAML, with a line.
func TestWhatIsNoSpec(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "acme.yaml:1: is empty",
		"# nothing\n":           "acme.yaml:1: is empty",
		"---\n":                 "acme.yaml:1: is empty",
		small + "---\n" + small: "acme.yaml:24: a second document begins here",
		"- a\n- b\n":            "acme.yaml:1: the document: must be fields with values",
		"just words\n":          "acme.yaml:1: the document: must be fields with values",
		"name: [\n":             "acme.yaml:1: ",
		small + "routes: []\n":  "acme.yaml:24: routes: is there twice",
		"name: acme\ngrants: &g [password]\nlifetime: { max: *g }\n": "what is repeated here is no value of this field",
		"name: acme\nlifetime: { max: 18446744073709551615 }\n":      "acme.yaml:2: lifetime.max: must be a whole number",
		"name: acme\nlifetime: { max: 99999999999999999999999 }\n":   "acme.yaml:2: lifetime.max: must be a whole number",
		"name: acme\ngrants: &g [password]\nclient: *g\n":            "what is repeated here is no value of this field",
		"name: acme\nroutes: 7\n":                                    "acme.yaml:2: routes: must be a list",
	} {
		_, err := dialects.Parse("acme.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "dialects.") {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// A mistake of the spec is told once, not again for each route that takes it over.
func TestAMistakeOfTheSpecIsToldOnce(t *testing.T) {
	text := strings.Replace(small, "max: 600", "max: 90000", 1)
	text = strings.Replace(text, "[client_credentials]", "[client_credentials, odd]", 1)
	text += "  - { method: POST, path: /acme/more, operation: token, answer: [{ name: token, value: access_token }] }\n"
	_, err := dialects.Parse("acme.yaml", []byte(text))
	if err == nil || strings.Count(err.Error(), "\n") != 1 || !strings.Contains(err.Error(), ":3: grants[1]") || !strings.Contains(err.Error(), ":4: lifetime.max") {
		t.Errorf("got %v", err)
	}
}

// Mistakes of one file do not hide those of another, and a name that is taken has
// a line.
func TestMistakesOfSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": "description: Mine\n" + strings.Replace(strings.Replace(small, "name: acme", "name: dealcloud", 1), "description: Acme's old service\n", "", 1),
		"b.yaml": strings.Replace(small, "max: 600", "max: soon", 1),
		"c.yaml": strings.Replace(strings.Replace(small, "name: acme", "name: c", 1), "/acme/token", "/oauth2/token", 1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := dialects.Load(dir)
	for _, want := range []string{"a.yaml:2: name: the name dealcloud is that of built-in dealcloud.yaml", "b.yaml:4: lifetime.max: must be a whole number", "c.yaml:15: routes[0].path"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
