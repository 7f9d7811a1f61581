package cmd

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// layer holds the values that one source gives, by the setting's name.
type layer map[string]given

// given is a value as it was written, and where.
type given struct{ text, origin string }

// exclusive lists the ways to give one thing: at most one of each list counts,
// and giving two in the same source is an error.
func exclusive() [][]string {
	return [][]string{
		{"database_url", "database_url_file"},
		{"master_key", "master_key_file", "master_key_command"},
		{"bootstrap_client_secret", "bootstrap_client_secret_file"},
	}
}

// merge lays the layers over each other: what a later one gives replaces what
// an earlier one gave, be it by another of the exclusive ways.
func merge(layers ...layer) (layer, error) {
	merged := layer{}
	for _, upper := range layers {
		for _, ways := range exclusive() {
			var used []string
			for _, name := range ways {
				if _, ok := upper[name]; ok {
					used = append(used, name)
				}
			}
			if len(used) > 1 {
				first, second := upper[used[0]], upper[used[1]]
				return nil, fmt.Errorf("%s (%s) and %s (%s): give only one of them", used[0], first.origin, used[1], second.origin)
			}
			if len(used) == 1 {
				maps.DeleteFunc(merged, func(name string, _ given) bool { return slices.Contains(ways, name) })
			}
		}
		maps.Copy(merged, upper)
	}
	return merged, nil
}

// serviceVariable is what Kubernetes sets in every container for a service
// whose name begins with "gatehouse".
var serviceVariable = regexp.MustCompile(`^GATEHOUSE_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// ours reports whether an environment variable must be a setting. Variables
// named GATEHOUSE_TEST_... belong to the test suite.
func ours(name, value string) bool {
	switch {
	case !strings.HasPrefix(name, envPrefix), name == configVariable, strings.HasPrefix(name, envPrefix+"TEST_"):
		return false
	case strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://"):
		return false // Kubernetes again
	}
	return !serviceVariable.MatchString(name)
}

// configVariable names the YAML file where --config does not.
const configVariable = envPrefix + "CONFIG"

func envLayer(environ []string) (layer, error) {
	known := map[string]string{}
	for _, one := range catalogue() {
		known[one.env()] = one.name
	}
	found := layer{}
	var problems []error
	for _, entry := range environ {
		variable, text, _ := strings.Cut(entry, "=")
		if name, ok := known[variable]; ok {
			found[name] = given{text: text, origin: "environment " + variable}
		} else if ours(variable, text) {
			problems = append(problems, unknown("environment variable", variable, "", envPrefix, slices.Collect(maps.Keys(known))))
		}
	}
	return found, errors.Join(problems...)
}

// unknown words the refusal of a name that is no setting, with the one that
// was probably meant. All candidates begin with prefix.
func unknown(what, name, where, prefix string, candidates []string) error {
	slices.Sort(candidates)
	hint := "; `gatehouse serve --help` lists all settings"
	if like := nearest(name, prefix, candidates); like != "" {
		hint = "; did you mean " + like + "?"
	}
	return fmt.Errorf("%sunknown %s %s%s", where, what, name, hint)
}
