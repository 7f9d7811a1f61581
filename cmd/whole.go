package cmd

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// object is a thing of a tenant's by the names that the admin API has for it.
type object map[string]any

// section is a list in the file of a tenant: its things of one kind.
type section struct {
	name   string
	key    []string // the members that tell one from another, and never change
	list   func(d *desk, tenant string) ([]object, error)
	create func(d *desk, tenant string, o object) (*admin.CreatedClient, error) // what has a secret is returned
	update func(d *desk, tenant, id string, p admin.Patch) error
}

// sections returns all, in an order in which each names only what came before.
func sections() []section {
	client := sectionOf("clients", []string{"client_id"}, (*admin.Service).Clients, (*admin.Service).CreateClient, (*admin.Service).UpdateClient)
	client.create = func(d *desk, tenant string, o object) (*admin.CreatedClient, error) {
		var n admin.NewClient
		if err := fit(o, &n); err != nil {
			return nil, err
		}
		return d.admin.CreateClient(d.ctx, d.actor, tenant, n)
	}
	return []section{
		sectionOf("apis", []string{"identifier"}, (*admin.Service).APIs, (*admin.Service).CreateAPI, (*admin.Service).UpdateAPI),
		sectionOf("groups", []string{"name"}, (*admin.Service).Groups, (*admin.Service).CreateGroup, (*admin.Service).UpdateGroup),
		sectionOf("remote_grants", []string{"grant_type"}, (*admin.Service).RemoteGrants, (*admin.Service).CreateRemoteGrant, (*admin.Service).UpdateRemoteGrant),
		client,
		sectionOf("trusted_issuers", []string{"issuer"}, (*admin.Service).TrustedIssuers, (*admin.Service).CreateTrustedIssuer, (*admin.Service).UpdateTrustedIssuer),
		sectionOf("impersonation_rules", []string{"actor", "target"}, (*admin.Service).ImpersonationRules, (*admin.Service).CreateImpersonationRule, (*admin.Service).UpdateImpersonationRule),
	}
}

func sectionOf[N, M, T any](name string, key []string,
	page func(*admin.Service, context.Context, admin.Actor, string, admin.Query) (admin.Page[T], error),
	create func(*admin.Service, context.Context, admin.Actor, string, N) (*M, error),
	update func(*admin.Service, context.Context, admin.Actor, string, string, int64, admin.Patch) (*T, error),
) section {
	return section{
		name: name, key: key,
		list: func(d *desk, tenant string) ([]object, error) {
			all, err := everyPage("", func(q admin.Query) (admin.Page[T], error) { return page(d.admin, d.ctx, d.actor, tenant, q) })
			if err != nil {
				return nil, err
			}
			objects := make([]object, len(all))
			for i := range all {
				if objects[i], err = objectOf(all[i]); err != nil {
					return nil, err
				}
			}
			return objects, nil
		},
		create: func(d *desk, tenant string, o object) (*admin.CreatedClient, error) {
			var n N
			if err := fit(o, &n); err != nil {
				return nil, err
			}
			_, err := create(d.admin, d.ctx, d.actor, tenant, n)
			return nil, err
		},
		update: func(d *desk, tenant, id string, p admin.Patch) error {
			_, err := update(d.admin, d.ctx, d.actor, tenant, id, 0, p)
			return err
		},
	}
}

// objectOf returns a thing as the admin API shows it.
func objectOf(thing any) (object, error) {
	text, err := json.Marshal(thing)
	if err != nil {
		return nil, err
	}
	var o object
	err = json.Unmarshal(text, &o)
	integers(o)
	return o, err
}

// integers has numbers without a fraction written as such, also in YAML.
func integers(value any) any {
	switch value := value.(type) {
	case float64:
		if whole := int64(value); float64(whole) == value {
			return whole
		}
	case []any:
		for i := range value {
			value[i] = integers(value[i])
		}
	case object:
		integers(map[string]any(value))
	case map[string]any:
		for name := range value {
			value[name] = integers(value[name])
		}
	}
	return value
}

// id returns what a command calls the thing by.
func (s *section) id(o object) string {
	if id, ok := o["id"].(string); ok {
		return id
	}
	return s.label(o)
}

// label returns the thing's key for people.
func (s *section) label(o object) string {
	var parts []string
	for _, name := range s.key {
		text, isText := o[name].(string)
		if !isText {
			text = string(compact(o[name]))
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

func (s *section) find(all []object, wanted object) object {
	i := slices.IndexFunc(all, func(o object) bool { return s.label(o) == s.label(wanted) })
	if i < 0 {
		return nil
	}
	return all[i]
}

// settings returns what can be set of the thing: not what the platform decides.
// Of what is empty only lists and maps are there: left out of a file, what is in
// them would stay.
func (o object) settings() object {
	settings := maps.Clone(o)
	for _, name := range []string{"id", "created_at", "updated_at", "last_used_at", "inherited_permissions"} {
		delete(settings, name)
	}
	maps.DeleteFunc(settings, func(_ string, value any) bool {
		switch value.(type) {
		case []any, map[string]any:
			return false
		}
		return nothing(value)
	})
	return settings
}

// nothing reports whether a member says no more than one that is left out. False
// does, where true is what counts for those that are left out.
func nothing(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return value == ""
	case int64:
		return value == 0
	case float64:
		return value == 0
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return false
}

// differences returns the patch that gives the thing what wanted has otherwise. A
// map, as a list, is then as it is wanted and no more.
func (o object) differences(wanted object) admin.Patch {
	patch := admin.Patch{}
	for name, value := range wanted {
		if name != "client_secret" && !same(o[name], value) { // which counts for new clients only
			patch[name] = replacing(o[name], value)
		}
	}
	return patch
}

// replacing returns what a merge patch says to have wanted in the place of have:
// of what only have has it says null.
func replacing(have, wanted any) any {
	old, wasMap := have.(map[string]any)
	now, isMap := wanted.(map[string]any)
	if !wasMap || !isMap {
		return wanted
	}
	patch := map[string]any{}
	for name := range old {
		patch[name] = nil
	}
	for name, value := range now {
		patch[name] = replacing(old[name], value)
	}
	return patch
}

// same reports whether two values say the same, be it by leaving out what is empty.
func same(a, b any) bool {
	listA, bothLists := a.([]any)
	listB, isList := b.([]any)
	if bothLists && isList {
		return slices.EqualFunc(listA, listB, same)
	}
	mapA, bothMaps := a.(map[string]any)
	mapB, isMap := b.(map[string]any)
	if bothMaps && isMap {
		all := maps.Clone(mapA)
		maps.Copy(all, mapB)
		for name := range all {
			if !same(mapA[name], mapB[name]) && (mapA[name] != false || mapB[name] != nil) {
				return false
			}
		}
		return true
	}
	return nothing(a) && nothing(b) || string(compact(a)) == string(compact(b))
}

// compact writes a value in the one way in which equal values are written.
func compact(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it was JSON before
	}
	return text
}

// tenantObject returns the tenant as the admin API shows it, nil for none.
func (d *desk) tenantObject(slug string) (object, error) {
	t, err := d.admin.Tenant(d.ctx, d.actor, slug)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return objectOf(t)
}

// createTenant makes the tenant. Its status is set afterwards: a new one is active.
func (d *desk) createTenant(o object) error {
	wanted := maps.Clone(o)
	status, given := wanted["status"]
	delete(wanted, "status")
	var n admin.NewTenant
	if err := fit(wanted, &n); err != nil {
		return err
	}
	if _, err := d.admin.CreateTenant(d.ctx, d.actor, n); err != nil || !given || status == string(tenants.Active) {
		return err
	}
	_, err := d.admin.UpdateTenant(d.ctx, d.actor, n.Slug, 0, admin.Patch{"status": status})
	return err
}
