package tenants_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

const someTenant = "0190abcd-0123-7456-89ab-cdef01234567"

func TestHandleNamesItsTenant(t *testing.T) {
	prefix := tenants.HandlePrefix("kind_", someTenant)
	if prefix != "kind_0190abcd0123745689abcdef01234567_" {
		t.Errorf("the prefix is %s", prefix)
	}
	if got := tenants.TenantOfHandle("kind_", prefix+"secret"); got != someTenant {
		t.Errorf("the tenant is %q", got)
	}
	for _, other := range []string{
		"", "kind_", "0190abcd0123745689abcdef01234567_secret", "other_0190abcd0123745689abcdef01234567_secret", "kind_0190abcd0123745689abcdef01234567", "kind_0190abcd0123745689abcdef0123456_secret",
		"kind_0190abcd0123745689abcdef01234567x_secret", "kind_0190abcd0123745689abcdef0123456g_secret", tenants.HandlePrefix("kind_", "no UUID") + "secret",
	} {
		if got := tenants.TenantOfHandle("kind_", other); got != "" {
			t.Errorf("%q names the tenant %q", other, got)
		}
	}
}

// Whatever text comes, what is found is a tenant's id in the form that tenants
// have, and the one that the text was made for.
func FuzzTenantOfHandle(f *testing.F) {
	f.Add("kind_0190abcd0123745689abcdef01234567_secret")
	f.Add("kind_0190ABCD0123745689abcdef01234567_")
	f.Add("kind_")
	f.Fuzz(func(t *testing.T, text string) {
		id := tenants.TenantOfHandle("kind_", text)
		if id == "" {
			return
		}
		if prefix := tenants.HandlePrefix("kind_", id); !strings.HasPrefix(strings.ToLower(text), prefix) {
			t.Errorf("%q names %q, whose handles begin with %q", text, id, prefix)
		}
	})
}
