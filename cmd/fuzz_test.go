package cmd

import "testing"

// Whatever a file holds, it is understood or refused.
func FuzzFiles(f *testing.F) {
	f.Add("tenant: {slug: acme}\nclients:\n  - {client_id: erp, name: ERP}\n")
	f.Add("listen: 127.0.0.1:1\ntrusted_proxies: [10.0.0.0/8]\n")
	f.Add("a: &x [*x]\n<<: *x\n")
	f.Fuzz(func(t *testing.T, text string) {
		if file, err := wholeOf("f.yaml", []byte(text)); err == nil && file.tenant.members["slug"] == nil {
			t.Error("a file without a tenant was taken")
		}
		_, _ = parseFile("f.yaml", []byte(text)) // settings
	})
}
