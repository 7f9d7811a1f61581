package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDepth bounds how deep JSON values may nest.
const maxDepth = 16

// The years of instants that are taken. Some that RFC 3339 can write cannot be
// written again in another time zone, or a day later.
const firstYear, lastYear = 1970, 9998

// maxExact is the largest whole number below which no other is the same double.
const maxExact = 1<<53 - 1

// Decode reads one JSON value into v, a pointer, and is stricter than
// encoding/json: names count exactly as they are written, unknown and repeated
// ones are refused, and so are values of another type, numbers that no double
// holds, 0 for a number that is left out where it is not set, empty texts where one
// is made if none is given, instants of years that nobody means, invalid UTF-8, nesting past 16 levels and anything behind the
// value. null stands for a value that is not given. Errors are *Error of
// CodeInvalid whose Field is the path to the value, such as apis[1].scopes.
func Decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return Errorf(CodeInvalid, "", "JSON must be UTF-8")
	}
	w := walker{json.NewDecoder(bytes.NewReader(data))}
	w.UseNumber()
	if err := w.value(reflect.TypeOf(v).Elem(), "", 0, false); err != nil {
		return err
	}
	if _, err := w.Token(); err != io.EOF {
		return Errorf(CodeInvalid, "", "something follows the JSON value: give exactly one")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(v); err != nil {
		return &Error{Code: CodeInvalid, Message: "this JSON does not fit: " + err.Error(), Err: err}
	}
	return nil
}

// walker compares JSON with the type that it is meant for.
type walker struct{ *json.Decoder }

func (w walker) next() (json.Token, error) {
	token, err := w.Token()
	if err != nil {
		what := err.Error()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			what = "it ends too early"
		}
		return nil, &Error{Code: CodeInvalid, Message: "this is not valid JSON: " + what, Err: err}
	}
	return token, nil
}

// value reads one value that is meant for t. filled tells that it cannot be 0 or
// empty, which stand for none.
func (w walker) value(t reflect.Type, path string, depth int, filled bool) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token, err := w.next()
	if err != nil {
		return err
	}
	if depth >= maxDepth {
		return Errorf(CodeInvalid, path, "values may nest %d levels at most", maxDepth)
	}
	switch {
	case token == nil && path != "":
		return nil
	case token == json.Delim('{') && (t.Kind() == reflect.Struct && t != timeType || t.Kind() == reflect.Map || t.Kind() == reflect.Interface):
		return w.object(t, path, depth)
	case token == json.Delim('[') && (t.Kind() == reflect.Slice || t.Kind() == reflect.Interface):
		return w.array(t, path, depth)
	case filled && token == "":
		return Errorf(CodeInvalid, path, "is empty: give one, or leave it out")
	case filled && isZero(token):
		return Errorf(CodeInvalid, path, "must be 1 or more, or null where it is not set")
	case !fits(token, t):
		return Errorf(CodeInvalid, path, "must be %s", wanted(t))
	}
	return nil
}

func (w walker) object(t reflect.Type, path string, depth int) error {
	seen := map[string]bool{}
	for w.More() {
		token, err := w.next()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets nothing but a string pass here
		inner := join(path, name)
		if seen[name] {
			return Errorf(CodeInvalid, inner, "is given twice")
		}
		seen[name] = true
		member, filled, ok := memberOf(t, name)
		if !ok {
			return Errorf(CodeInvalid, inner, "is not known here: allowed are %s", strings.Join(names(t), ", "))
		}
		if err := w.value(member, inner, depth+1, filled); err != nil {
			return err
		}
	}
	_, err := w.next()
	return err
}

func (w walker) array(t reflect.Type, path string, depth int) error {
	element := t
	if t.Kind() == reflect.Slice {
		element = t.Elem()
	}
	for i := 0; w.More(); i++ {
		if err := w.value(element, fmt.Sprintf("%s[%d]", path, i), depth+1, false); err != nil {
			return err
		}
	}
	_, err := w.next()
	return err
}

var timeType = reflect.TypeFor[time.Time]()

// fits reports whether a scalar may stand for a value of type t.
func fits(token json.Token, t reflect.Type) bool {
	switch value := token.(type) {
	case string:
		if t == timeType {
			at, err := time.Parse(time.RFC3339, value)
			return err == nil && at.Year() >= firstYear && at.Year() <= lastYear
		}
		return t.Kind() == reflect.String || t.Kind() == reflect.Interface
	case bool:
		return t.Kind() == reflect.Bool || t.Kind() == reflect.Interface
	case json.Number:
		if t.Kind() == reflect.Interface {
			return exact(value)
		}
		_, err := value.Int64()
		return t.Kind() == reflect.Int && err == nil
	}
	return token == nil && t.Kind() == reflect.Interface
}

func isZero(token json.Token) bool {
	number, ok := token.(json.Number)
	n, err := number.Int64()
	return ok && err == nil && n == 0
}

// exact reports whether a number means the same to whoever reads it as a double
// (RFC 7493 section 2.2), as most programs do. One that is out of range could not
// even be read again here.
func exact(number json.Number) bool {
	if strings.ContainsAny(number.String(), ".eE") {
		_, err := number.Float64()
		return err == nil
	}
	n, err := number.Int64()
	return err == nil && n <= maxExact && n >= -maxExact
}

// wanted says in words what JSON a type is read from.
func wanted(t reflect.Type) string {
	switch {
	case t == timeType:
		return fmt.Sprintf("an instant such as 2027-01-01T00:00:00Z (RFC 3339), of the years %d to %d", firstYear, lastYear)
	case t.Kind() == reflect.Interface:
		return fmt.Sprintf("a number that a double holds, whole ones up to %d: write others as strings", maxExact)
	case t.Kind() == reflect.String:
		return "a string"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Slice:
		return "a list"
	}
	return "an object"
}

// memberOf returns the type that the value under a name is read into, and whether
// the value must be another than 0 and the empty text: a number that is left out
// where it is zero, and what is tagged empty:"refused".
func memberOf(t reflect.Type, name string) (member reflect.Type, filled, ok bool) {
	switch t.Kind() {
	case reflect.Map:
		return t.Elem(), false, true
	case reflect.Interface:
		return t, false, true
	}
	for _, field := range reflect.VisibleFields(t) {
		if jsonName(field) == name {
			number := field.Type.Kind() == reflect.Int && strings.HasSuffix(field.Tag.Get("json"), ",omitempty")
			return field.Type, number || field.Tag.Get("empty") == "refused", true
		}
	}
	return nil, false, false
}

// names lists the JSON names of a struct.
func names(t reflect.Type) []string {
	var list []string
	for _, field := range reflect.VisibleFields(t) {
		if name := jsonName(field); name != "" {
			list = append(list, name)
		}
	}
	return list
}

// jsonName returns the name that a field has in JSON, empty for one that is
// not in it.
func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if field.Anonymous || name == "-" {
		return ""
	}
	return name
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
