package server_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/server/adminapi"
	"github.com/gatehouse-auth/gatehouse/server/pages"
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
	more := shape[operation]
	if more != "" {
		more = ", " + more
	}
	return withRoute(t, "{ method: POST, path: /acme, operation: "+string(operation)+more+" }")
}

// withRoute returns dialects one of which has the route.
func withRoute(t *testing.T, route string) (*dialects.Set, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "acme.yaml")
	if err := os.WriteFile(file, []byte(specOf(route)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dialects.LoadFiles(file)
}

func specOf(route string) string {
	return "name: acme\nclient: { grants: [password] }\nroutes:\n  - " + route + "\n"
}

// What lint lets through, the server answers: else it would not start.
func TestEveryOperationOfASpecIsAnswered(t *testing.T) {
	for _, operation := range append(dialects.Operations(), dialects.Authorize) {
		t.Run(string(operation), func(t *testing.T) {
			set, err := withOperation(t, operation)
			if err != nil {
				t.Fatal(err)
			}
			starts(t, set)
		})
	}
}

// starts fails if no server can be made with the dialects.
func starts(t *testing.T, set *dialects.Set) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Error(p)
		}
	}()
	server.New(server.Config{PublicURL: &url.URL{}}, server.Parts{
		Dialects: set, Pages: pages.Mount(nil, nil), Admin: func(r gin.IRouter) { adminapi.Register(r, nil, nil) }, Log: zap.NewNop(),
	}).Handler()
}

// What the server has at a path of its own, lint refuses: two handlers of a path
// are a server that does not start.
func TestNoSpecTakesAPathOfThePlatform(t *testing.T) {
	own := gin.New()
	pages.Mount(nil, nil)(own)
	taken := []string{
		"/healthz", "/readyz", "/metrics", "/t/acme/token", "/admin/v1/tenants", "/ADMIN/v1",
		"/.well-known/openid-configuration/t/acme", "/.well-known/oauth-authorization-server/t/acme",
	}
	for _, route := range own.Routes() {
		taken = append(taken, route.Path)
	}
	if len(taken) < 12 {
		t.Fatalf("no pages: %v", taken)
	}
	for _, path := range taken {
		if _, err := dialects.Parse("acme.yaml", []byte(specOf("{ method: GET, path: "+path+", operation: jwks }"))); err == nil || !strings.Contains(err.Error(), "platform's") {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"/device/code", "/admin/v12/token", "/Admin/Authentication", "/tokens"} {
		set, err := withRoute(t, "{ method: GET, path: "+path+", operation: jwks }")
		if err != nil {
			t.Fatal(err)
		}
		starts(t, set)
	}
}

func FuzzPathOfASpec(f *testing.F) {
	for _, path := range []string{"/acme", "/t", "/admin", "/admin/v", "/sign-in/x", "/.well-known/openid-configuration/t", "/oauth2/token/x", "/-/.hidden~"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if set, err := withRoute(t, fmt.Sprintf("{ method: GET, path: %q, operation: jwks }", path)); err == nil {
			starts(t, set)
		}
	})
}
