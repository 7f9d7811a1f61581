package cmd

import (
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// Where the operator's secret cannot be printed, nobody believes that it was.
func TestCredentialsThatCannotBeShownAreToldOf(t *testing.T) {
	closed, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	a := &app{stdout: closed, stderr: &told}
	a.showCredentials(&admin.Credentials{ClientID: "operator", ClientSecret: "hush"})
	if got := told.String(); !strings.Contains(got, "gatehouse clients secrets add --tenant operator operator") || strings.Contains(got, "hush") {
		t.Errorf("told is %q", got)
	}
}
