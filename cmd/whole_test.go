package cmd

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// What a file says of a map replaces what was in it, at any depth.
func TestMapsAreAsTheFileHasThem(t *testing.T) {
	m := func(pairs ...any) map[string]any {
		made := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			made[pairs[i].(string)] = pairs[i+1]
		}
		return made
	}
	for name, c := range map[string]struct {
		have, wanted object
		want         admin.Patch
	}{
		"emptied":    {m("lifetimes", m("a", 1)), m("lifetimes", m()), m("lifetimes", m("a", nil))},
		"replaced":   {m("lifetimes", m("a", 1, "b", 2)), m("lifetimes", m("b", 3)), m("lifetimes", m("a", nil, "b", 3))},
		"deep":       {m("s", m("x", m("site", "1", "old", "2"))), m("s", m("x", m("site", "1"))), m("s", m("x", m("site", "1", "old", nil)))},
		"the same":   {m("lifetimes", m("a", 1)), m("lifetimes", m("a", 1)), m()},
		"not named":  {m("lifetimes", m("a", 1)), m("name", "n"), m("name", "n")},
		"taken away": {m("lifetimes", m("a", 1)), m("lifetimes", nil), m("lifetimes", nil)},
		"none there": {m(), m("lifetimes", m("a", 1)), m("lifetimes", m("a", 1))},
		"list":       {m("l", []any{"a", "b"}), m("l", []any{}), m("l", []any{})},
	} {
		if diff := cmp.Diff(c.want, c.have.differences(c.wanted)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
