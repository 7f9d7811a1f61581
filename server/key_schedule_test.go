package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// schema is what docs/key-schedule.schema.json uses of JSON Schema (2020-12).
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"`
	Format     string             `json:"format"`
	MinLength  int                `json:"minLength"`
	Enum       []any              `json:"enum"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
	Defs       map[string]*schema `json:"$defs"`
}

// check returns what is wrong with a value at a path. It is stricter than the
// standard: a member that the schema does not know is wrong.
func (s *schema) check(defs map[string]*schema, path string, value any) (faults []string) {
	if s.Ref != "" {
		return defs[strings.TrimPrefix(s.Ref, "#/$defs/")].check(defs, path, value)
	}
	kind := map[bool]string{true: "null"}[value == nil]
	switch value := value.(type) {
	case string:
		kind = "string"
		if _, err := time.Parse(time.RFC3339, value); s.Format == "date-time" && err != nil {
			faults = append(faults, path+": "+err.Error())
		}
		if len(value) < s.MinLength {
			faults = append(faults, path+" is too short")
		}
	case []any:
		kind = "array"
		for i, item := range value {
			faults = append(faults, s.Items.check(defs, fmt.Sprintf("%s[%d]", path, i), item)...)
		}
	case map[string]any:
		kind = "object"
		for _, name := range s.Required {
			if _, ok := value[name]; !ok {
				faults = append(faults, path+" lacks "+name)
			}
		}
		for name, member := range value {
			if s.Properties[name] == nil {
				faults = append(faults, path+"."+name+" is not described")
				continue
			}
			faults = append(faults, s.Properties[name].check(defs, path+"."+name, member)...)
		}
	}
	types, several := s.Type.([]any)
	if !several && s.Type != nil {
		types = []any{s.Type}
	}
	if len(types) > 0 && !slices.Contains(types, any(kind)) || len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		faults = append(faults, fmt.Sprintf("%s may not be %v", path, value))
	}
	return faults
}

// The key schedule is as its schema says, with keys in every state.
func TestKeyScheduleFollowsItsSchema(t *testing.T) {
	text, err := os.ReadFile("../docs/key-schedule.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var described schema
	if err := json.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	h.seed()
	states := map[string]bool{}
	look := func() {
		t.Helper()
		_, document := h.do("GET", "/t/acme/.well-known/key-schedule.json", "", "", "")
		for _, fault := range described.check(described.Defs, "schedule", document) {
			t.Error(fault)
		}
		for _, key := range document["keys"].([]any) {
			states[fmt.Sprint(key.(map[string]any)["state"])] = true
		}
		for range document["revoked"].([]any) {
			states["revoked"] = true
		}
	}
	look() // before there is a key
	h.ask()
	h.admin("POST", "tenants/acme/signing-keys/rotate", `{}`)
	look()
	h.admin("POST", "tenants/acme/signing-keys/rotate", `{"immediately":true,"force":true}`)
	look()
	active := ""
	for _, key := range h.admin("GET", "tenants/acme/signing-keys", "")["items"].([]any) {
		if key := key.(map[string]any); key["state"] == "active" {
			active = key["kid"].(string)
		}
	}
	h.admin("POST", "tenants/acme/signing-keys/"+active+"/revoke", "")
	look()
	h.admin("PATCH", "tenants/acme", `{"rotation_paused":true}`)
	look()
	if want := []string{"active", "next", "retiring", "revoked"}; !slices.Equal(slices.Sorted(maps.Keys(states)), want) {
		t.Errorf("seen were %v", states)
	}
}
