package oauth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// What an answer gives back of a request is bounded, and stays UTF-8.
func TestDescriptionsAreCut(t *testing.T) {
	const most = 500
	for _, text := range []string{strings.Repeat("a", most), strings.Repeat("ü", most), "a" + strings.Repeat("ü", most)} {
		got := oauth.Errorf(oauth.InvalidRequest, oauth.ReasonUnknown, "%s", text).Description
		kept, cut := strings.CutSuffix(got, "...")
		if cut != (len(text) > most) || len(kept) > most || len(kept) < most-1 || !strings.HasPrefix(text, kept) || !utf8.ValidString(got) {
			t.Errorf("of %d octets of %.3s %d are left: %.9s...%s", len(text), text, len(kept), got, got[len(got)-9:])
		}
	}
}

// The log hears of an unknown error, the client does not.
func TestUnknownErrorsAreForTheLog(t *testing.T) {
	err := oauth.AsError(errors.New("disk full"))
	if err.Code != oauth.ServerError || strings.Contains(err.Description, "disk") || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("%s is described as %s", err, err.Description)
	}
	known := oauth.Errorf(oauth.InvalidScope, oauth.ReasonUnknown, "no such scope")
	if got := oauth.AsError(fmt.Errorf("minting: %w", known)); got != known {
		t.Errorf("%s is taken for %s", known, got)
	}
}
