package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The JavaScript clients and resource servers of the folder npm. They never
// skip: where node or npm is missing the test fails.
func TestNPMClients(t *testing.T) {
	t.Parallel()
	tenant := newAcme(t)
	runNode(t, []string{
		"GATEHOUSE_TEST_ISSUER=" + tenant.issuer,
		"GATEHOUSE_TEST_CLIENT_ID=" + tenant.clientID,
		"GATEHOUSE_TEST_CLIENT_SECRET=" + tenant.clientSecret,
		"GATEHOUSE_TEST_AUDIENCE=" + audience,
		"GATEHOUSE_TEST_SCOPE=" + scope,
		"GATEHOUSE_TEST_UNGRANTED_SCOPE=" + ungrantedScope,
	})
}

// runNode runs tests of the folder npm: those files, or all that node finds by
// their names.
func runNode(t *testing.T, settings []string, files ...string) {
	t.Helper()
	node := need(t, "node", "nodejs")
	if err := packages(); err != nil {
		t.Fatal(err)
	}
	args := []string{"--test", "--test-reporter=tap"}
	version, err := exec.Command(node, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(string(version), "v18.") {
		args = append(args, "--experimental-global-webcrypto") // Debian 12's node; later ones always have it
	}
	tests := exec.CommandContext(t.Context(), node, append(args, files...)...)
	tests.Dir = "npm"
	tests.Env = append(os.Environ(), settings...)
	out, err := tests.CombinedOutput()
	if err != nil {
		t.Fatalf("node --test: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "# fail 0") || strings.Contains(string(out), "# pass 0") {
		t.Fatalf("the tests did not run:\n%s", out)
	}
	t.Logf("%s", out)
}

// packages installs what the lock file lists, where something else is there.
var packages = sync.OnceValue(func() error {
	wanted, err := os.Stat(filepath.Join("npm", "package-lock.json"))
	if err != nil {
		return err
	}
	// npm writes this file last.
	installed, err := os.Stat(filepath.Join("npm", "node_modules", ".package-lock.json"))
	if err == nil && installed.ModTime().After(wanted.ModTime()) {
		return nil
	}
	if out, err := exec.Command("../scripts/need.sh", "npm", "npm").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	install.Dir = "npm"
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
})

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
