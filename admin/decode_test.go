package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
)

type form struct {
	Name  string         `json:"name"`
	Count int            `json:"count"`
	Limit int            `json:"limit,omitempty"`
	On    *bool          `json:"on"`
	At    *time.Time     `json:"at"`
	Parts []part         `json:"parts"`
	Sizes map[string]int `json:"sizes"`
	Any   map[string]any `json:"any"`
	Key   string         `json:"key" empty:"refused"`
	Own   string         `json:"-"`
}

type part struct {
	Label string `json:"label"`
}

func TestDecodeReadsWhatFits(t *testing.T) {
	var f form
	wantNone(t, admin.Decode([]byte(`{"name":"n","count":7,"on":false,"at":"2027-01-01T00:00:00Z","parts":[{"label":"a"},{}],"sizes":{"x":1},"any":{"y":[1,{"z":null}],"n":[-9007199254740991,1.5e300]}}`), &f))
	if f.Name != "n" || f.Count != 7 || f.On == nil || *f.On || f.At.Year() != 2027 || f.Parts[0].Label != "a" || len(f.Parts) != 2 || f.Sizes["x"] != 1 {
		t.Errorf("got %+v", f)
	}
	f = form{}
	wantNone(t, admin.Decode([]byte(`{"name":null,"on":null,"parts":null}`), &f))
	if f.Name != "" || f.On != nil || f.Parts != nil {
		t.Errorf("null did not stand for nothing: %+v", f)
	}
}

func TestDecodeRefuses(t *testing.T) {
	cases := map[string]struct{ body, field string }{
		"an unknown name":          {`{"nmae":"n"}`, "nmae"},
		"a name in another case":   {`{"Name":"n"}`, "Name"},
		"a name that Go has":       {`{"Own":"n"}`, "Own"},
		"a nested unknown name":    {`{"parts":[{},{"lable":"a"}]}`, "parts[1].lable"},
		"a name twice":             {`{"name":"a","name":"b"}`, "name"},
		"a nested name twice":      {`{"any":{"x":{"y":1,"y":2}}}`, "any.x.y"},
		"a number for a string":    {`{"name":1}`, "name"},
		"a string for a number":    {`{"count":"1"}`, "count"},
		"0 for not set":            {`{"limit":0}`, "limit"},
		"-0 for not set":           {`{"limit":-0}`, "limit"},
		"an empty text":            {`{"key":""}`, "key"},
		"a fraction":               {`{"count":1.5}`, "count"},
		"a number out of range":    {`{"count":9223372036854775808}`, "count"},
		"a huge exponent":          {`{"count":1e400000000}`, "count"},
		"a string for a bool":      {`{"on":"true"}`, "on"},
		"a date without a time":    {`{"at":"2027-01-01"}`, "at"},
		"a year of five digits":    {`{"at":"9999-12-31T23:59:59-12:00"}`, "at"},
		"a day before year 10000":  {`{"at":"9999-12-31T00:00:00Z"}`, "at"},
		"a year before the first":  {`{"at":"0000-01-01T00:00:00+12:00"}`, "at"},
		"a number past any double": {`{"any":{"x":[1e400]}}`, "any.x[0]"},
		"a number of two doubles":  {`{"any":{"x":9007199254740993}}`, "any.x"},
		"a number past 64 bits":    {`{"any":{"x":-12345678901234567890}}`, "any.x"},
		"a number as an instant":   {`{"at":1}`, "at"},
		"an object for a list":     {`{"parts":{}}`, "parts"},
		"a list for an object":     {`{"sizes":[]}`, "sizes"},
		"a wrong value in a map":   {`{"sizes":{"x":"y"}}`, "sizes.x"},
		"two values":               {`{} {}`, ""},
		"something behind":         {`{} x`, ""},
		"nothing":                  {``, ""},
		"an end too early":         {`{"name":`, ""},
		"null as a whole":          {`null`, ""},
		"a list as a whole":        {`[]`, ""},
		"a string as a whole":      {`"x"`, ""},
		"invalid UTF-8":            {"{\"name\":\"\xff\"}", ""},
		"a comma at the end":       {`{"name":"n",}`, ""},
		"nesting without end":      {`{"any":` + strings.Repeat(`{"x":`, 10_000), "any" + strings.Repeat(".x", 15)},
		"nesting of lists":         {`{"any":{"x":` + strings.Repeat(`[`, 10_000), "any.x" + strings.Repeat("[0]", 14)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			wantError(t, admin.Decode([]byte(c.body), new(form)), admin.CodeInvalid, c.field)
		})
	}
	for says, c := range map[string]struct{ field, body string }{
		"a string": {"name", `{"name":1}`}, "a whole number": {"count", `{"count":"1"}`}, "true or false": {"on", `{"on":"true"}`}, "RFC 3339": {"at", `{"at":1}`},
		"a list": {"parts", `{"parts":{}}`}, "an object": {"sizes", `{"sizes":[]}`}, "a double": {"any.x", `{"any":{"x":1e400}}`}, "ends too early": {"", `{"name":`},
	} {
		wantError(t, admin.Decode([]byte(c.body), new(form)), admin.CodeInvalid, c.field, says)
	}
	wantError(t, admin.Decode([]byte(`{"x":1}`), new(form)), admin.CodeInvalid, "x", "name, count, limit, on, at, parts, sizes, any, key")
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"n","parts":[{"label":"a"}],"any":{"x":[1]}}`))
	f.Add([]byte(`{"sizes":{"":1},"at":"2027-01-01T00:00:00+02:00"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := admin.Decode(data, new(form)); err != nil {
			wantCode(t, err, admin.CodeInvalid)
		}
		var patch admin.Patch
		if err := admin.Decode(data, &patch); err != nil {
			wantCode(t, err, admin.CodeInvalid)
		}
	})
}
