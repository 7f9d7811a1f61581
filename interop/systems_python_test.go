package interop

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/gatehouse-auth/gatehouse/verify"
)

// Debian's Python, as the library is Debian's: there may be others in PATH.
const python, requestsOAuthlib = "/usr/bin/python3", "/usr/lib/python3/dist-packages/requests_oauthlib/__init__.py"

// The calls of DealCloud's API by requests-oauthlib: for tokens here, and with
// them to an API that verifies them. The test never skips.
func (s *systems) pythonClient(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("../scripts/need.sh", requestsOAuthlib, "python3-requests-oauthlib").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tests := exec.CommandContext(t.Context(), python, "-B", "-m", "unittest", "-v", "dealcloud_test")
	tests.Dir = "python"
	tests.Env = append(os.Environ(), s.settings(t)...)
	tests.Env = append(tests.Env, "REQUESTS_CA_BUNDLE="+s.trust.file, "NO_PROXY=127.0.0.1", "GATEHOUSE_TEST_API="+s.startDealCloud(t))
	out, err := tests.CombinedOutput()
	if err != nil {
		t.Fatalf("unittest: %v\n%s", err, out)
	}
	if !regexp.MustCompile(`(?m)^Ran [1-9]\d* tests? in`).Match(out) || regexp.MustCompile(`(?m)^OK \(`).Match(out) {
		t.Fatalf("the tests did not all run:\n%s", out)
	}
	t.Logf("%s", out)
}

// startDealCloud stands for the API: each path needs its scope.
func (s *systems) startDealCloud(t *testing.T) string {
	t.Helper()
	verifier, err := verify.New(verify.Config{
		Issuers: []string{s.by["dealcloud"].Issuer}, Audiences: []string{"urn:dealcloud:api"}, Client: s.client,
	})
	if err != nil {
		t.Fatal(err)
	}
	list := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "[]") })
	mux := http.NewServeMux()
	mux.Handle("GET /api/rest/v4/schema/entryTypes", verifier.Require("data")(list))
	mux.Handle("GET /api/rest/v1/management/user", verifier.Require("user_management")(list))
	api := httptest.NewUnstartedServer(mux)
	api.TLS = s.trust.serverConfig(t)
	api.StartTLS()
	t.Cleanup(api.Close)
	return api.URL
}
