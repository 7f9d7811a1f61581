package adminapi_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// patched calls do for each thing that can be changed, with the members of its
// patch.
func (d *desk) patched(do func(path string, members openapi3.Schemas)) {
	ids, kinds := d.furnished("acme"), 0
	for _, path := range slices.Sorted(maps.Keys(d.spec.Paths.Map())) {
		if operation := d.spec.Paths.Value(path).Patch; operation != nil {
			kinds++
			do(ids.Replace(path), operation.RequestBody.Value.Content["application/json"].Schema.Value.Properties)
		}
	}
	if kinds < 9 {
		d.t.Errorf("%d kinds of things were patched", kinds)
	}
}

// What was read may be sent back: it changes nothing.
func TestThingIsItsOwnPatch(t *testing.T) {
	d := newDesk(t)
	token := d.operator()
	d.patched(func(path string, members openapi3.Schemas) {
		read := d.want(200, "", call{method: "GET", path: path, token: token})
		sent := d.want(200, "", call{method: "PATCH", path: path, token: token, body: read.body, header: map[string]string{"If-Match": read.header.Get("ETag")}})
		if string(sent.raw) != string(read.raw) || sent.header.Get("ETag") != read.header.Get("ETag") {
			t.Errorf("%s: %s became %s", path, read.raw, sent.raw)
		}
		for name, member := range members {
			if member.Ref != "#/components/schemas/Unchanged" || name == "last_used_at" {
				continue
			}
			for _, other := range []any{"another", true, nil} {
				if other == read.body[name] || other == nil && read.body[name] == nil {
					continue
				}
				refused := d.want(400, "invalid", call{method: "PATCH", path: path, token: token, body: object{name: other}})
				if refused.text("field") != name || refused.text("detail") != "cannot be changed" {
					t.Errorf("%s, %s: %v: %s", path, name, other, refused.raw)
				}
			}
		}
	})
}

// Null takes away what may be away, and nothing else becomes what it is by
// default.
func TestNullIsRefusedForWhatAlwaysHasAValue(t *testing.T) {
	d := newDesk(t)
	token := d.operator()
	d.patched(func(path string, members openapi3.Schemas) {
		before := d.want(200, "", call{method: "GET", path: path, token: token})
		for name, member := range members {
			if member.Value.Nullable {
				continue
			}
			refused := d.want(400, "invalid", call{method: "PATCH", path: path, token: token, body: object{name: nil}})
			if refused.text("field") != name {
				t.Errorf("%s, %s: %s", path, name, refused.raw)
			}
		}
		if after := d.want(200, "", call{method: "GET", path: path, token: token}); string(after.raw) != string(before.raw) {
			t.Errorf("%s: %s became %s", path, before.raw, after.raw)
		}
	})
	disabled := call{method: "PATCH", path: "/tenants/acme/clients/client-of-acme", token: token, body: object{"status": "disabled"}}
	d.want(200, "", disabled)
	for _, nothing := range []any{nil, ""} {
		disabled.body = object{"status": nothing}
		d.want(400, "invalid", disabled)
	}
}
