package oauth_test

import (
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
