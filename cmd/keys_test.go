package cmd

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// What a revocation tells, and how the rest of it is seen.
func TestPrintedRevocations(t *testing.T) {
	until := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	use := tenants.FirstUse{Kid: "k", ClientID: "erp", Audience: "https://api.example", Hour: until.Add(-2 * time.Hour), Count: 7, LatestExpiry: until}
	whole := admin.Signed{Clients: []string{"erp"}, APIs: []string{"https://api.example"}, Until: &until}
	partly := admin.Signed{Until: &until, ReportError: "some is missing", Err: errors.New("too slow")}
	const row, rest = "erp     https://api.example  7 ", "gatehouse keys uses --tenant acme k\n"
	for name, test := range map[string]struct {
		revocation      admin.Revocation
		want, not, warn []string
	}{
		"nothing signed": {admin.Revocation{}, []string{"It signed no tokens."}, []string{rest, "HOUR"}, nil},
		"one page":       {admin.Revocation{Uses: []tenants.FirstUse{use}, Signed: whole}, []string{"for 1 client and 1 API", row}, []string{rest}, nil},
		"more":           {admin.Revocation{Uses: []tenants.FirstUse{use}, NextUses: "x", Signed: whole}, []string{row, rest}, nil, nil},
		"partly read": {
			admin.Revocation{Uses: []tenants.FirstUse{use}, Signed: partly},
			[]string{"is revoked", "could not be read in full", "until 2026-03-10 12:00:00Z", row, rest},
			[]string{"no tokens", "0 clients"},
			[]string{"some is missing", "too slow"},
		},
	} {
		var out, warned strings.Builder
		a := &app{stdout: &out, stderr: &warned, now: func() time.Time { return until }}
		r := test.revocation
		r.Key.Key = keys.Key{Kid: "k"}
		a.warnOfReport(r.Signed)
		must(t, a.printRevocation(&out, "acme", &r))
		for _, text := range test.want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s: no %q in\n%s", name, text, out.String())
			}
		}
		for _, text := range test.not {
			if strings.Contains(out.String(), text) {
				t.Errorf("%s: %q in\n%s", name, text, out.String())
			}
		}
		for _, text := range test.warn {
			if !strings.Contains(warned.String(), text) {
				t.Errorf("%s: warned of %q", name, warned.String())
			}
		}
		if test.warn == nil && warned.Len() > 0 {
			t.Errorf("%s: warned of %q", name, warned.String())
		}
	}
}
