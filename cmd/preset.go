package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// presetTenant is a tenant that was made from a preset, with the secrets of its
// clients, which are never shown again.
type presetTenant struct {
	*tenants.Tenant
	Clients []*admin.CreatedClient `json:"clients"`
}

// furnisher makes what a preset lists.
type furnisher struct {
	ctx    context.Context
	admin  *admin.Service
	actor  admin.Actor
	tenant *tenants.Tenant
	base   string // where the tenant's paths begin
}

func newFurnisher(ctx context.Context, service *admin.Service, actor admin.Actor, preset *dialects.Preset, tenant *tenants.Tenant) *furnisher {
	return &furnisher{ctx, service, actor, tenant, dialects.Builtin().Lookup(preset.Name).Root(tenant.Issuer)}
}

// fromPreset makes a tenant from a preset; what n has goes before what the preset
// has. A tenant that cannot be furnished is not left behind.
func fromPreset(ctx context.Context, service *admin.Service, actor admin.Actor, preset *dialects.Preset, n admin.NewTenant) (*presetTenant, error) {
	n, err := over(preset.Tenant, n)
	if err != nil {
		return nil, err
	}
	tenant, err := service.CreateTenant(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	made, err := newFurnisher(ctx, service, actor, preset, tenant).all(preset)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preset %s: %w", preset.Name, err), service.DeleteTenant(ctx, actor, tenant.Slug, 0))
	}
	return &presetTenant{tenant, made}, nil
}

// over returns what the preset has with what is given in its place. Dialects
// add up.
func over(preset map[string]any, given admin.NewTenant) (admin.NewTenant, error) {
	text, err := json.Marshal(given)
	if err != nil {
		return given, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return given, err
	}
	all := maps.Clone(preset)
	if all == nil {
		all = map[string]any{}
	}
	for name, value := range fields {
		of := reflect.ValueOf(value)
		if value == nil || of.IsZero() || of.Kind() == reflect.Map && of.Len() == 0 {
			continue
		}
		if list, both := all[name].([]any); both && name == "dialects" {
			for _, dialect := range given.Dialects {
				if !slices.Contains(list, any(dialect)) {
					list = append(slices.Clip(list), dialect)
				}
			}
			value = list
		}
		all[name] = value
	}
	var merged admin.NewTenant
	return merged, fit(all, &merged)
}

func (f *furnisher) all(preset *dialects.Preset) ([]*admin.CreatedClient, error) {
	if _, err := makeAll(f, preset.APIs, f.admin.CreateAPI); err != nil {
		return nil, err
	}
	if _, err := makeAll(f, preset.Groups, f.admin.CreateGroup); err != nil {
		return nil, err
	}
	made, err := makeAll(f, preset.Clients, f.admin.CreateClient)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(preset.Patches)) {
		if _, err := f.admin.UpdateClient(f.ctx, f.actor, f.tenant.Slug, id, 0, admin.Patch(f.filled(preset.Patches[id]))); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// makeAll makes the things of one kind.
func makeAll[N, T any](f *furnisher, list []map[string]any, create func(context.Context, admin.Actor, string, N) (*T, error)) ([]*T, error) {
	var made []*T
	for _, object := range list {
		var n N
		if err := fit(f.filled(object), &n); err != nil {
			return nil, err
		}
		thing, err := create(f.ctx, f.actor, f.tenant.Slug, n)
		if err != nil {
			return nil, err
		}
		made = append(made, thing)
	}
	return made, nil
}

// demo makes what only the demo has.
func (f *furnisher) demo(d dialects.Demo) error {
	_, err := makeAll(f, d.Clients, f.admin.CreateClient)
	if err == nil {
		_, err = makeAll(f, d.Groups, f.admin.CreateGroup)
	}
	if err == nil {
		_, err = makeAll(f, d.Users, f.admin.CreateUser)
	}
	if err == nil {
		_, err = makeAll(f, d.Rules, f.admin.CreateImpersonationRule)
	}
	return err
}

func (f *furnisher) filled(object map[string]any) map[string]any {
	filled, _ := dialects.Filled(object, "{base}", f.base).(map[string]any)
	return filled
}

// fit reads an object of a preset as the admin API would.
func fit(object map[string]any, into any) error {
	if object == nil {
		return nil
	}
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return admin.Decode(text, into)
}

// call returns a call of the system as a shell command, for the preset's first
// client. further are more pairs of what it may name.
func (f *furnisher) call(c *dialects.Call, first *admin.CreatedClient, publicURL string, further ...string) string {
	pairs := append([]string{"{base}", f.base, "{shared}", publicURL, "{id}", first.ID, "{secret}", first.Secret}, further...)
	return strings.NewReplacer(pairs...).Replace(c.Run)
}

// presetNames lists the presets for the help.
func presetNames() string {
	var names []string
	for _, preset := range dialects.Presets() {
		names = append(names, preset.Name)
	}
	return strings.Join(names, ", ")
}
