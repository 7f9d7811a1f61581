package dialects_test

import (
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

// Each dialect that comes with the program has a preset of its name that
// switches it on and shows how it is called.
func TestEachDialectHasAPreset(t *testing.T) {
	presets := map[string]*dialects.Preset{}
	for _, preset := range dialects.Presets() {
		presets[preset.Name] = preset
	}
	for _, spec := range dialects.Builtin().Others() {
		preset := presets[spec.Name]
		if preset == nil {
			t.Errorf("%s has none", spec.Name)
			continue
		}
		if on := preset.Tenant["dialects"]; !reflect.DeepEqual(on, []any{spec.Name}) {
			t.Errorf("the preset %s switches on %v", spec.Name, on)
		}
		if len(preset.Clients) == 0 || len(preset.Demo.Calls) == 0 || preset.Description == "" {
			t.Errorf("the preset %s lacks a client, a call or a description", spec.Name)
		}
		delete(presets, spec.Name)
	}
	for name := range presets {
		t.Errorf("the preset %s has no dialect", name)
	}
}

// The demo has a call of each endpoint, so that a reader can try all of them.
func TestEachEndpointIsShownInTheDemo(t *testing.T) {
	for _, preset := range dialects.Presets() {
		for _, route := range dialects.Builtin().Lookup(preset.Name).Routes {
			called := regexp.MustCompile(`\{(base|shared)\}` + regexp.QuoteMeta(route.Path) + `($|[?'" |)])`)
			if !slices.ContainsFunc(preset.Demo.Calls, func(call dialects.Call) bool { return called.MatchString(call.Run) }) {
				t.Errorf("the demo of %s does not call %s", preset.Name, route.Path)
			}
		}
	}
}

func TestFilled(t *testing.T) {
	preset := map[string]any{"a": []any{"{issuer}/x", 7, map[string]any{"b": "{issuer}"}}}
	want := map[string]any{"a": []any{"i/x", 7, map[string]any{"b": "i"}}}
	if got := dialects.Filled(preset, "{issuer}", "i"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if preset["a"].([]any)[0] != "{issuer}/x" {
		t.Error("the preset itself was changed")
	}
}
