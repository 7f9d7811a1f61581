package cmd

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/dialects"
)

// demoPresets makes a tenant from each preset, with what only the demo has, and
// prints each documented call of its system.
func demoPresets(ctx context.Context, n *node, out io.Writer) error {
	actor := admin.Actor{Name: "demo", Scopes: admin.AllScopes()}
	for _, preset := range dialects.Presets() {
		made, err := fromPreset(ctx, n.admin, actor, preset, admin.NewTenant{
			Slug: preset.Name, Name: preset.Name, Hosts: []string{preset.Name + ".localhost"},
		})
		if err != nil {
			return err
		}
		f := &furnisher{ctx, n.admin, actor, made.Tenant}
		if err := f.demo(preset.Demo); err != nil {
			return err
		}
		assertion := ""
		if signs := preset.Demo.Assertion; signs != nil {
			if assertion, err = f.assertion(*signs); err != nil {
				return err
			}
		}
		first := made.Clients[0]
		fill := strings.NewReplacer("{issuer}", made.Issuer, "{shared}", n.settings.PublicURL, "{id}", first.ID, "{secret}", first.Secret, "{assertion}", assertion)
		fmt.Fprintf(out, "\n%s\n", preset.Description)
		for _, call := range preset.Demo.Calls {
			fmt.Fprintf(out, "  # %s\n  %s\n", call.Title, fill.Replace(call.Run))
		}
	}
	return nil
}
