package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Patch is a JSON merge patch (RFC 7396) of an object: what it names is
// changed, null takes away, what it does not name stays.
type Patch map[string]any

// merged is what a patch makes of a thing.
type merged[T any] struct {
	value   T
	changed []string // the names of the members whose value is another now, sorted
}

func (m merged[T]) changes(name string) bool { return slices.Contains(m.changed, name) }

// details is what the audit log keeps of a patch: names, never values.
func (m merged[T]) details() map[string]any { return map[string]any{"changed": m.changed} }

// merge applies the patch to a thing's changeable members, which are before.
// Those of always have a value in every thing, which null cannot take away. What
// else the thing shows does not change: the patch may say it as it is.
func merge[T any](before T, shown any, patch Patch, always ...string) (merged[T], error) {
	var result merged[T]
	patch, err := changeable[T](shown, patch)
	if err != nil {
		return result, err
	}
	for _, name := range always {
		if value, given := patch[name]; given && (value == nil || value == "") {
			return result, Errorf(CodeInvalid, name, "has a value always: it cannot be null or empty, only another one")
		}
	}
	old, err := object(before)
	if err != nil {
		return result, err
	}
	// Names are checked on the patch itself: a null for an unknown one would
	// otherwise vanish unseen.
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		if _, _, known := memberOf(reflect.TypeFor[T](), name); !known {
			return result, Errorf(CodeInvalid, name, "is not known here: allowed are %s", strings.Join(names(reflect.TypeFor[T]()), ", "))
		}
	}
	data, err := json.Marshal(apply(old, patch))
	if err != nil {
		return result, fmt.Errorf("merge patch: %w", err)
	}
	if err := Decode(data, &result.value); err != nil {
		return result, err
	}
	now, err := object(result.value)
	if err != nil {
		return result, err
	}
	for _, name := range names(reflect.TypeFor[T]()) {
		if !reflect.DeepEqual(old[name], now[name]) {
			result.changed = append(result.changed, name)
		}
	}
	slices.Sort(result.changed)
	return result, nil
}

// changeable returns the patch without the members that T does not have and the
// thing shows with that value. Others of the thing are refused.
func changeable[T any](shown any, patch Patch) (Patch, error) {
	have, err := object(shown)
	if err != nil {
		return nil, err
	}
	rest := Patch{}
	for name, value := range patch {
		_, _, changes := memberOf(reflect.TypeFor[T](), name)
		_, _, known := memberOf(reflect.TypeOf(shown).Elem(), name)
		shown, isShown := have[name]
		switch {
		case changes || !known:
			rest[name] = value
		case name == "last_used_at": // has its own time: whoever sends a thing back cannot know the present one
		case !isShown || !sameJSON(value, shown):
			return nil, Errorf(CodeInvalid, name, "cannot be changed")
		}
	}
	return rest, nil
}

// sameJSON reports whether two values are the same in JSON.
func sameJSON(a, b any) bool {
	one, errA := json.Marshal(a)
	other, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(one, other)
}

// object returns a thing as the JSON object that it is.
func object(thing any) (map[string]any, error) {
	data, err := json.Marshal(thing)
	if err != nil {
		return nil, fmt.Errorf("as JSON: %w", err)
	}
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, fmt.Errorf("from JSON: %w", err)
	}
	return members, nil
}

// apply is MergePatch of RFC 7396 section 2, for objects. It leaves target alone.
func apply(target map[string]any, patch map[string]any) map[string]any {
	result := maps.Clone(target)
	if result == nil {
		result = map[string]any{}
	}
	for name, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(result, name)
		case map[string]any:
			inner, _ := result[name].(map[string]any) // another kind of value counts as {}
			result[name] = apply(inner, value)
		default:
			result[name] = value
		}
	}
	return result
}
