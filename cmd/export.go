package cmd

import (
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// exportCmd is `gatehouse export`.
type exportCmd struct {
	tenantFlag
}

// Run prints how the tenant is set up, as apply takes it.
func (c *exportCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, slug string) error {
		t, err := d.admin.Tenant(d.ctx, d.actor, slug)
		if err != nil {
			return err
		}
		tenant, err := objectOf(t)
		if err != nil {
			return err
		}
		whole := yaml.MapSlice{{Key: "tenant", Value: inOrder(tenant.settings(), "slug")}}
		plain := map[string]any{"tenant": tenant.settings()}
		for _, s := range sections() {
			things, err := s.list(d, slug)
			if err != nil {
				return err
			}
			if len(things) == 0 {
				continue
			}
			var list []yaml.MapSlice
			var objects []object
			for _, o := range things {
				list, objects = append(list, inOrder(o.settings(), s.key...)), append(objects, o.settings())
			}
			whole = append(whole, yaml.MapItem{Key: s.name, Value: list})
			plain[s.name] = objects
		}
		return d.show(plain, func(w io.Writer) error { return yaml.NewEncoder(w, yaml.IndentSequence(true)).Encode(whole) })
	})
}

// inOrder puts the members that tell a thing from others at the front.
func inOrder(o object, first ...string) yaml.MapSlice {
	var members yaml.MapSlice
	for _, name := range first {
		members = append(members, yaml.MapItem{Key: name, Value: o[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(first, name) {
			members = append(members, yaml.MapItem{Key: name, Value: o[name]})
		}
	}
	return members
}

// isMissing reports whether a use case found nothing.
func isMissing(err error) bool { return hasCode(err, admin.CodeNotFound) }

// isInUse reports whether something else still needs what was to go.
func isInUse(err error) bool { return hasCode(err, admin.CodeInUse) }

func hasCode(err error, code admin.Code) bool {
	var refused *admin.Error
	return errors.As(err, &refused) && refused.Code == code
}
