package dialects

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed presets/*.yaml
var presets embed.FS

// Preset is a tenant made ready for the dialect of its name: what the admin API
// would be asked to create, in its own words, in this order. In texts {base}
// stands for where the tenant's paths begin, see Spec.Root.
type Preset struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	// Tenant, APIs, Groups and Clients are what is created. A client without a
	// secret of its own gets a generated one.
	Tenant  map[string]any   `yaml:"tenant"`
	APIs    []map[string]any `yaml:"apis"`
	Groups  []map[string]any `yaml:"groups"`
	Clients []map[string]any `yaml:"clients"`
	// Patches change clients that came with the dialect, by client_id.
	Patches map[string]map[string]any `yaml:"patches"`
	Demo    Demo                      `yaml:"demo"`
}

// Demo is what only the demo has besides. Nothing in it is secret.
type Demo struct {
	Groups  []map[string]any `yaml:"groups"`
	Clients []map[string]any `yaml:"clients"`
	Users   []map[string]any `yaml:"users"`
	Rules   []map[string]any `yaml:"impersonation_rules"`
	// Assertion is the client of the demo that signs for itself; nil: none does.
	Assertion *DemoAssertion `yaml:"assertion"`
	Calls     []Call         `yaml:"calls"`
}

// DemoAssertion is what a client of the demo signs (RFC 7523).
type DemoAssertion struct {
	Client   string `yaml:"client"`
	Audience string `yaml:"audience"`
}

// Call is a documented call of the system as a shell command. Besides {base}
// it may name {shared}, the shared host's URL, {id} and {secret} of the preset's
// first client, and {assertion}.
type Call struct {
	Title string `yaml:"title"`
	Run   string `yaml:"run"`
}

// Example returns the first call that needs what the preset makes and nothing of
// the demo, nil for none.
func (p *Preset) Example() *Call {
	i := slices.IndexFunc(p.Demo.Calls, func(call Call) bool { return strings.Contains(call.Run, "{secret}") })
	if i < 0 {
		return nil
	}
	return &p.Demo.Calls[i]
}

// Presets returns all presets, sorted by name.
func Presets() []*Preset {
	entries, err := presets.ReadDir("presets")
	if err != nil {
		panic(err) // they are embedded
	}
	var all []*Preset
	for _, entry := range entries {
		text, err := presets.ReadFile("presets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		preset := &Preset{}
		d, err := readDocument(entry.Name(), text, preset)
		if err == nil {
			err = d.err()
		}
		if err != nil {
			panic(err) // a test reads them, too
		}
		all = append(all, preset)
	}
	slices.SortFunc(all, func(a, b *Preset) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// LookupPreset returns the preset of that name. The error names those that
// there are.
func LookupPreset(name string) (*Preset, error) {
	var names []string
	for _, preset := range Presets() {
		if preset.Name == name {
			return preset, nil
		}
		names = append(names, preset.Name)
	}
	return nil, fmt.Errorf("there is no preset %s: there are %s", name, strings.Join(names, ", "))
}

// Filled returns a copy of a value of a preset with what stands in braces
// replaced, by the words given as pairs of old and new.
func Filled(value any, pairs ...string) any {
	switch value := value.(type) {
	case string:
		return strings.NewReplacer(pairs...).Replace(value)
	case []any:
		list := make([]any, len(value))
		for i, one := range value {
			list[i] = Filled(one, pairs...)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(value))
		for name, one := range value {
			object[name] = Filled(one, pairs...)
		}
		return object
	}
	return value
}
