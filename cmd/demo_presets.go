package cmd

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/dialects"
)

// demoPresets makes a tenant from each preset, with what only the demo has, and
// returns it with each documented call of its system.
func demoPresets(ctx context.Context, n *node) ([]demoSeeding, error) {
	actor := admin.Actor{Name: "demo", Scopes: admin.AllScopes()}
	var all []demoSeeding
	for _, preset := range dialects.Presets() {
		made, err := fromPreset(ctx, n.admin, actor, preset, admin.NewTenant{
			Slug: preset.Name, Name: preset.Name, Hosts: []string{preset.Name + ".localhost"},
		})
		if err != nil {
			return nil, err
		}
		f := newFurnisher(ctx, n.admin, actor, preset, made.Tenant)
		if err := f.demo(preset.Demo); err != nil {
			return nil, err
		}
		assertion := ""
		if signs := preset.Demo.Assertion; signs != nil {
			if assertion, err = f.assertion(*signs); err != nil {
				return nil, err
			}
		}
		seeding := demoSeeding{Slug: made.Tenant.Slug, Title: preset.Description, Issuer: made.Tenant.Issuer}
		for _, call := range preset.Demo.Calls {
			seeding.Commands = append(seeding.Commands, demoCommand{call.Title, f.call(&call, made.Clients[0], n.settings.PublicURL, "{assertion}", assertion)})
		}
		all = append(all, seeding)
	}
	return all, nil
}
