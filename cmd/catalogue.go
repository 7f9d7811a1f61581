package cmd

import (
	"reflect"
	"strings"
)

const envPrefix = "GATEHOUSE_"

// setting is one field of Settings, described.
type setting struct {
	name     string // as in the YAML file
	field    int    // index in Settings
	help     string
	fallback string
	secret   bool // has no flag
	emptyOK  bool // an empty value means something
	list     bool // may be a list in the YAML file
}

func (s setting) env() string  { return envPrefix + strings.ToUpper(s.name) }
func (s setting) flag() string { return strings.ReplaceAll(s.name, "_", "-") }

// catalogue returns every setting, in the order of Settings.
func catalogue() []setting {
	var all []setting
	of := reflect.TypeFor[Settings]()
	for i := range of.NumField() {
		field := of.Field(i)
		name, ok := field.Tag.Lookup("env")
		if !ok {
			continue
		}
		all = append(all, setting{
			name:     strings.ToLower(name),
			field:    i,
			help:     field.Tag.Get("help"),
			fallback: field.Tag.Get("envDefault"),
			secret:   field.Type == reflect.TypeFor[Secret](),
			emptyOK:  field.Tag.Get("empty") == "ok",
			list:     field.Tag.Get("list") == "yes",
		})
	}
	return all
}

// settingsGroup marks the flags that are settings among those of a command.
const settingsGroup = "settings"

// settingFlags makes a pointer to a struct with one string flag per setting,
// for kong to embed: Settings is the only list of settings.
func settingFlags() any {
	var fields []reflect.StructField
	for _, one := range catalogue() {
		if one.secret {
			continue
		}
		tag := `name:"` + one.flag() + `" help:"` + one.help + `" group:"` + settingsGroup + `" placeholder:"` + placeholder(one) + `"`
		fields = append(fields, reflect.StructField{
			Name: reflect.TypeFor[Settings]().Field(one.field).Name,
			Type: reflect.TypeFor[string](),
			Tag:  reflect.StructTag(tag),
		})
	}
	return reflect.New(reflect.StructOf(fields)).Interface()
}

func placeholder(s setting) string {
	if s.fallback != "" {
		return s.fallback
	}
	return "..."
}

// nearest returns the candidate that looks most like name, empty when none
// looks like it. What all begin with is no likeness.
func nearest(name, prefix string, candidates []string) string {
	best, least := "", len(strings.TrimPrefix(name, prefix))/3+2
	for _, candidate := range candidates {
		if d := editDistance(name, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions and replacements (Levenshtein)
// between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
