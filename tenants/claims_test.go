package tenants_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestClaimsComeFromTheUser(t *testing.T) {
	ann := &tenants.User{
		Username: "ann", Email: "ann@acme.example", Name: "Ann", Groups: []string{"g"}, Permissions: []string{"b", "a"},
		InheritedPermissions: []string{"a", "c"}, Profile: json.RawMessage(`{"city":"Ulm","nothing":null,"seats":[1,{"a":2}],"CITY":"Bonn"}`),
	}
	for from, want := range map[string]any{
		"user.username": "ann", "user.email": "ann@acme.example", "user.name": "Ann", "user.groups": []string{"g"},
		"user.permissions": []string{"a", "b", "c"}, "user.profile.city": "Ulm", "user.profile.nothing": nil, "user.profile.street": nil,
		"user.profile.seats": []any{1.0, map[string]any{"a": 2.0}}, "user.profile.City": nil,
	} {
		if !tenants.IsClaimSource(from) {
			t.Errorf("%s is refused", from)
		}
		if diff := cmp.Diff(want, tenants.Claim{From: from}.Of(ann)); diff != "" {
			t.Errorf("%s: %s", from, diff)
		}
		if got := (tenants.Claim{From: from}).Of(nil); got != nil {
			t.Errorf("%s of nobody: %v", from, got)
		}
	}
	empty := &tenants.User{}
	for from, want := range map[string]any{"user.email": nil, "user.name": nil, "user.groups": []string{}, "user.permissions": []string(nil)} {
		got := tenants.Claim{From: from}.Of(empty)
		if want, isList := want.([]string); isList {
			if list, ok := got.([]string); !ok || list == nil || len(list) != len(want) {
				t.Errorf("%s of who has none: %#v", from, got)
			}
		} else if got != nil {
			t.Errorf("%s of who has none: %#v", from, got)
		}
	}
	if got := (tenants.Claim{Value: false}).Of(nil); got != false {
		t.Errorf("a constant: %v", got)
	}
	for _, from := range []string{"", "user", "user.password_hash", "user.profile.", "client.id", "USER.name"} {
		if tenants.IsClaimSource(from) {
			t.Errorf("%q is taken", from)
		}
	}
}
