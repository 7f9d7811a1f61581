package server_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/server"
)

// shape is what a spec must say besides to name the operation.
var shape = map[dialects.Operation]string{
	dialects.Token:               "answer: [{ name: a, value: access_token }]",
	dialects.DeviceAuthorization: "answer: [{ name: a, value: device_code }]",
	dialects.Impersonatees:       "params: [{ name: token, from: [bearer] }], answer: [{ name: a, value: id }]",
	dialects.Profile:             "params: [{ name: token, from: [bearer] }], answer: [{ name: a, value: id }]",
	dialects.APIKeyCreate:        "params: [{ name: token, from: [bearer] }], answer: [{ name: a, value: api_key }]",
	dialects.SignIn:              "cookie: acme, params: [{ name: username }, { name: password }]",
}

// withOperation returns dialects one of which has a route of the operation.
func withOperation(t *testing.T, operation dialects.Operation) (*dialects.Set, error) {
	t.Helper()
	dir, more := t.TempDir(), shape[operation]
	if more != "" {
		more = ", " + more
	}
	text := "name: acme\nclient: { grants: [password] }\nroutes:\n  - { method: POST, path: /acme, operation: " + string(operation) + more + " }\n"
	if err := os.WriteFile(filepath.Join(dir, "acme.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dialects.Load(dir)
}

// What lint lets through, the server answers: else it would not start.
func TestEveryOperationOfASpecIsAnswered(t *testing.T) {
	for _, operation := range append(dialects.Operations(), dialects.Authorize) {
		t.Run(string(operation), func(t *testing.T) {
			set, err := withOperation(t, operation)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if p := recover(); p != nil {
					t.Error(p)
				}
			}()
			server.New(server.Config{PublicURL: &url.URL{}}, server.Parts{Dialects: set})
		})
	}
}
