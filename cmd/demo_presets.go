package cmd

import (
	"context"
	"fmt"
	"io"

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
		f := newFurnisher(ctx, n.admin, actor, preset, made.Tenant)
		if err := f.demo(preset.Demo); err != nil {
			return err
		}
		assertion := ""
		if signs := preset.Demo.Assertion; signs != nil {
			if assertion, err = f.assertion(*signs); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "\n%s\n", preset.Description)
		for _, call := range preset.Demo.Calls {
			fmt.Fprintf(out, "  # %s\n  %s\n", call.Title, f.call(&call, made.Clients[0], n.settings.PublicURL, "{assertion}", assertion))
		}
	}
	return nil
}
