package tenants_test

import (
	"net/url"
	"testing"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// An unknown host gets the tenant that the operator has named for it, and nothing
// where none is named, or none of that name is there.
func TestUnknownHostsGetTheTenantThatIsNamedForThem(t *testing.T) {
	d := newDesk(t)
	public := &url.URL{Scheme: "https", Host: "auth.example"}
	for slug, want := range map[string]string{d.other: d.other, "": "", "nobody": ""} {
		resolver := tenants.NewResolver(d.dir, public, slug)
		for _, host := range []string{"elsewhere.example:8080", ""} {
			got, err := resolver.Resolve(t.Context(), host, "")
			if want != "" && (err != nil || got.ID != want) || want == "" && (err == nil || oauth.AsError(err).Code != oauth.UnknownTenant) {
				t.Errorf("default %q, host %q: %v, %v", slug, host, got, err)
			}
		}
		if got, err := resolver.Resolve(t.Context(), "AUTH.example.:443", ""); err != nil || got != nil {
			t.Errorf("default %q, the shared host: %v, %v", slug, got, err)
		}
	}
}
