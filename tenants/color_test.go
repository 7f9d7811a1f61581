package tenants_test

import (
	"testing"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// A colour is written into style sheets as it is: nothing else may pass for one.
func TestValidColor(t *testing.T) {
	for text, want := range map[string]bool{
		"#09afAF": true, "#000000": true,
		"": false, "red": false, "#fff": false, "#1234567": false, "1234567": false, "##12345": false,
		"#12345/": false, "#12345:": false, "#12345;": false, "#12345@": false, "#12345G": false, "#12345`": false, "#12345g": false, "#1234\u00e9": false,
	} {
		if got := tenants.ValidColor(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
