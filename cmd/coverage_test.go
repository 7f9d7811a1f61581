package cmd

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/getkin/kin-openapi/openapi3"
)

// byCommand names the command for each operation of the admin API.
func byCommand() map[string]string {
	all := map[string]string{
		"showEffective": "clients effective", "listClientCredentials": "clients credentials",
		"addSecret": "clients secrets add", "listSecrets": "clients secrets list", "revokeSecret": "clients secrets revoke",
		"addClientKey": "clients keys add", "listClientKeys": "clients keys list", "revokeClientKey": "clients keys revoke",
		"listSigningKeys": "keys list", "rotateSigningKey": "keys rotate", "revokeSigningKey": "keys revoke", "deleteSigningKey": "keys delete",
		"listSigningKeyUses": "keys uses", "listSessions": "sessions list", "revokeSessions": "sessions revoke", "revokeSession": "sessions revoke",
		"unlockUser": "users unlock", "revokeTokens": "tokens revoke", "listAuditEvents": "audit list", "listAllAuditEvents": "audit list", "listLegacyUses": "clients list",
	}
	for noun, command := range map[string]string{
		"Tenant": "tenants", "API": "apis", "Client": "clients", "User": "users", "Group": "groups", "APIKey": "api-keys",
		"ImpersonationRule": "impersonation-rules", "RemoteGrant": "remote-grants", "TrustedIssuer": "trusted-issuers",
	} {
		for _, verb := range []string{"create", "show", "update", "delete"} {
			all[verb+noun] = command + " " + verb
		}
		all["list"+noun+"s"] = command + " list"
	}
	return all
}

// byFlag names the flags and arguments of properties that have other names.
func byFlag() map[string]string {
	return map[string]string{
		"token_endpoint_auth_method": "auth-method", "grant_types": "grant", "apis": "api", "allowed_origins": "origin", "lifetimes": "lifetime",
		"expires_at": "expires", "required_permissions": "require-permission", "permissions": "permission", "client_secret": "client-secret-file",
		"claims": "claim", "hosts": "host", "dialects": "dialect", "dialect_settings": "dialect-setting", "scopes": "scope", "groups": "group",
		"password": "password-file", "password_hash": "password-hash-file", "secret": "secret-file", "params": "param", "rules": "rule",
		"audiences": "audience", "assertion_audiences": "assertion-audience", "signing_algs": "signing-alg", "client_id": "client", "user_id": "user",
	}
}

// Whatever programs may do by the admin API, people may do by a command, with
// every property of it.
func TestTheCommandLineDoesAllThatTheAdminAPIDoes(t *testing.T) {
	spec, err := openapi3.NewLoader().LoadFromFile("../server/adminapi/openapi.yaml")
	must(t, err)
	parser, err := kong.New(&commands{}, kong.Vars{"presets": presetNames()}, kong.Embed(settingFlags()))
	must(t, err)
	known := map[string]*kong.Node{}
	must(t, kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if command, ok := node.(*kong.Node); ok && command.Type == kong.CommandNode {
			known[strings.TrimSuffix(command.Path(), " ")] = command
		}
		return next(nil)
	}))
	for path, item := range spec.Paths.Map() {
		for method, operation := range item.Operations() {
			if path == "/openapi.yaml" {
				continue
			}
			node := known[byCommand()[operation.OperationID]]
			if node == nil {
				t.Errorf("no command does %s (%s %s)", operation.OperationID, method, path)
				continue
			}
			if operation.RequestBody == nil || method != http.MethodPost && method != http.MethodPatch {
				continue
			}
			for property, schema := range operation.RequestBody.Value.Content.Get("application/json").Schema.Value.Properties {
				if schema.Ref != "#/components/schemas/Unchanged" && !takes(node, property) {
					t.Errorf("%s has no flag for %s of %s", node.Path(), property, operation.OperationID)
				}
			}
		}
	}
}

// takes reports whether a command has a flag or an argument for a property.
func takes(node *kong.Node, property string) bool {
	names := []string{strings.ReplaceAll(property, "_", "-"), byFlag()[property]}
	for _, flag := range node.Flags {
		if slices.Contains(names, flag.Name) {
			return true
		}
	}
	return slices.ContainsFunc(node.Positional, func(argument *kong.Value) bool { return slices.Contains(names, argument.Name) })
}
