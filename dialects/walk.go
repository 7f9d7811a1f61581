package dialects

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// walk notes, at and below a node, every field that the type has not or that is
// there twice, and every value of another type than its field's. It returns what
// can be decoded: null in place of such a value.
func (d *document) walk(path string, node ast.Node, t reflect.Type) ast.Node {
	inner := node
	switch wrapped := node.(type) {
	case *ast.AnchorNode:
		inner = wrapped.Value
	case *ast.TagNode:
		inner = wrapped.Value
	}
	switch inner.(type) {
	case nil, *ast.NullNode, *ast.AliasNode: // nothing; or what stands elsewhere, and is seen there
		return node
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	wanted, ok := "", true
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		wanted, ok = "fields with values", d.walkMapping(path, inner, t)
	case reflect.Slice:
		wanted, ok = "a list", d.walkList(path, inner, t)
	case reflect.String:
		wanted = "text"
		_, ok = inner.(ast.ScalarNode)
	case reflect.Int:
		wanted = "a whole number"
		ok = isInt(inner)
	case reflect.Bool:
		wanted = "true or false"
		_, ok = inner.(*ast.BoolNode)
	}
	if ok {
		return node
	}
	d.refuse(cmp.Or(path, "the document"), first(inner), "must be %s", wanted)
	return ast.Null(inner.GetToken())
}

func isInt(node ast.Node) bool {
	whole, ok := node.(*ast.IntegerNode)
	if !ok {
		return false
	}
	n, big := whole.Value.(uint64)
	return !big || n <= math.MaxInt
}

// walkList reports whether the node is a list.
func (d *document) walkList(path string, node ast.Node, t reflect.Type) bool {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return false
	}
	for i, one := range list.Values {
		list.Values[i] = d.walk(fmt.Sprintf("%s[%d]", path, i), one, t.Elem())
	}
	return true
}

// walkMapping reports whether the node has fields.
func (d *document) walkMapping(path string, node ast.Node, t reflect.Type) bool {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		return false
	}
	var seen []string
	for pairs := mapping.MapRange(); pairs.Next(); {
		key, name := pairs.Key(), pairs.Key().GetToken().Value
		at := strings.TrimPrefix(path+"."+name, ".")
		if slices.Contains(seen, name) {
			d.refuse(at, first(key), "is there twice")
		}
		seen = append(seen, name)
		of, known := t, true
		if t.Kind() == reflect.Map {
			of = t.Elem()
		} else {
			of, known = fieldOf(t, name)
		}
		if _, merges := key.(*ast.MergeKeyNode); !known && !merges {
			d.refuse(at, first(key), "is not known: it may be one of %s", strings.Join(fieldsOf(t), ", "))
		}
		if pair := pairs.KeyValue(); known {
			pair.Value = d.walk(at, pair.Value, of)
		}
	}
	return true
}

// fieldOf returns the type of the field of that name in YAML.
func fieldOf(t reflect.Type, name string) (reflect.Type, bool) {
	for field := range fields(t) {
		if field.Tag.Get("yaml") == name {
			return field.Type, true
		}
	}
	return nil, false
}

func fieldsOf(t reflect.Type) []string {
	var names []string
	for field := range fields(t) {
		names = append(names, field.Tag.Get("yaml"))
	}
	slices.Sort(names)
	return names
}

// fields returns the fields of a struct that YAML may set.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if field := t.Field(i); field.Tag.Get("yaml") != "" && !yield(field) {
				return
			}
		}
	}
}
