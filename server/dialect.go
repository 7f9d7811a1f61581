package server

import (
	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/dialects"
)

// DialectRules tells the use cases which dialects there are to switch on.
func DialectRules(set *dialects.Set) []admin.Dialect {
	var rules []admin.Dialect
	for _, spec := range set.Others() {
		rule := admin.Dialect{Name: spec.Name, Routes: spec.Endpoints()}
		if spec.Client != nil {
			rule.StandInGrants = spec.Client.Grants
		}
		for _, setting := range spec.Settings {
			rule.Settings = append(rule.Settings, setting.Name)
		}
		rules = append(rules, rule)
	}
	return rules
}
