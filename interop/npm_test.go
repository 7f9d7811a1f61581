package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The JavaScript clients and resource servers of the folder npm. They never
// skip: where node or npm is missing the test fails.
func TestNPMClients(t *testing.T) {
	t.Parallel()
	node := need(t, "node", "nodejs")
	if _, err := os.Stat(filepath.Join("npm", "node_modules")); os.IsNotExist(err) {
		install := exec.Command(need(t, "npm", "npm"), "ci", "--no-audit", "--no-fund")
		install.Dir = "npm"
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
	}
	tenant := newAcme(t)
	args := []string{"--test", "--test-reporter=tap"}
	version, err := exec.Command(node, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(string(version), "v18.") {
		args = append(args, "--experimental-global-webcrypto") // Debian 12's node; later ones always have it
	}
	tests := exec.CommandContext(t.Context(), node, args...)
	tests.Dir = "npm"
	tests.Env = append(os.Environ(),
		"GATEHOUSE_TEST_ISSUER="+tenant.issuer,
		"GATEHOUSE_TEST_CLIENT_ID="+tenant.clientID,
		"GATEHOUSE_TEST_CLIENT_SECRET="+tenant.clientSecret,
		"GATEHOUSE_TEST_AUDIENCE="+audience,
		"GATEHOUSE_TEST_SCOPE="+scope,
		"GATEHOUSE_TEST_UNGRANTED_SCOPE="+ungrantedScope,
	)
	out, err := tests.CombinedOutput()
	if err != nil {
		t.Fatalf("node --test: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "# fail 0") || strings.Contains(string(out), "# pass 0") {
		t.Fatalf("the tests did not run:\n%s", out)
	}
	t.Logf("%s", out)
}

// need finds a program, and installs Debian's package where it is missing.
func need(t *testing.T, program, debian string) string {
	t.Helper()
	if out, err := exec.Command("../scripts/need.sh", program, debian).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
