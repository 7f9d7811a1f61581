package adminapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type object = map[string]any

// The whole API in one conversation: each operation, with every answer that
// the OpenAPI document says it has, apart from 503, which needs a database that is
// away, and 304, which TestReadsAreConditional sees of each.
func TestEveryOperationAnswersAsDocumented(t *testing.T) {
	d := newDesk(t)
	d.tenantsConversation()
	d.apisConversation()
	d.clientsConversation()
	d.secretsConversation()
	d.clientKeysConversation()
	d.trustedIssuersConversation()
	d.remoteGrantsConversation()
	d.groupsConversation()
	d.usersConversation()
	d.impersonationConversation()
	d.sessionsConversation()
	d.apiKeysConversation()
	d.keysConversation()
	d.tokensConversation()
	d.auditConversation()
	d.legacyConversation()
	d.refusals()
	d.lists()
	d.want(200, "", call{method: "GET", path: "/openapi.yaml"})
	for path, item := range d.spec.Paths.Map() {
		for method, operation := range item.Operations() {
			for text := range operation.Responses.Map() {
				status, err := strconv.Atoi(text)
				if err != nil || status == http.StatusServiceUnavailable || status == http.StatusNotModified {
					continue
				}
				if !d.seen[operation.OperationID][status] {
					t.Errorf("%s %s (%s): %d is documented and was never seen", method, path, operation.OperationID, status)
				}
			}
		}
	}
}

func (d *desk) legacyConversation() {
	tenant, err := d.db.Tenant(d.t.Context(), "acme")
	if err != nil {
		d.t.Fatal(err)
	}
	d.want(201, "", call{method: "POST", path: "/tenants/acme/clients", token: d.operator(), body: object{"name": "ERP", "client_id": "erp"}})
	used := tenants.LegacyUse{
		TenantID: tenant.ID, ClientID: "erp", Dialect: "dealcloud", Method: "POST", Path: "/token", Count: 3,
		FirstUsedAt: d.now, LastUsedAt: d.now,
	}
	if err := d.db.AddLegacyUses(d.t.Context(), []tenants.LegacyUse{used}); err != nil {
		d.t.Fatal(err)
	}
	page := d.want(200, "", call{method: "GET", path: "/tenants/acme/legacy-uses", token: d.operator()})
	if use := page.body["items"].([]any)[0].(object); use["client_id"] != "erp" || use["count"] != 3.0 {
		d.t.Errorf("the use: %v", use)
	}
}

func (d *desk) tenantsConversation() {
	token := d.operator()
	acme := object{"slug": "acme", "name": "Acme", "hosts": []string{"acme.localhost"}, "dialects": []string{"dealcloud"}, "access_token_lifetime": nil}
	made := d.want(201, "", call{method: "POST", path: "/tenants", token: token, body: acme})
	if made.header.Get("Location") != "/admin/v1/tenants/acme" || made.text("issuer") != "https://acme.localhost" || made.text("status") != "active" {
		d.t.Errorf("made: %s, Location %s", made.raw, made.header.Get("Location"))
	}
	exists := d.want(409, "exists", call{method: "POST", path: "/tenants", token: token, body: acme})
	if exists.text("field") != "slug" {
		d.t.Errorf("exists: %s", exists.raw)
	}
	for _, slug := range []string{"globex", "initech"} {
		d.want(201, "", call{method: "POST", path: "/tenants", token: token, body: object{"slug": slug, "name": slug}})
	}
	page := d.want(200, "", call{method: "GET", path: "/tenants?page_size=2", token: token})
	next := url.QueryEscape(page.text("next_page_token"))
	page = d.want(200, "", call{method: "GET", path: "/tenants?page_size=2&page_token=" + next, token: token})
	if items := page.body["items"].([]any); len(items) != 2 || page.text("next_page_token") != "" {
		d.t.Errorf("second page: %s", page.raw)
	}
	shown := d.want(200, "", call{method: "GET", path: "/tenants/acme", token: token})
	match := object{"name": "Acme Inc.", "max_access_token_lifetime": 3600}
	tag := map[string]string{"If-Match": shown.header.Get("ETag")}
	changed := d.want(200, "", call{method: "PATCH", path: "/tenants/acme", token: token, body: match, contentType: "application/merge-patch+json", header: tag})
	if changed.text("name") != "Acme Inc." || changed.header.Get("ETag") == tag["If-Match"] {
		d.t.Errorf("changed: %s, ETag %s", changed.raw, changed.header.Get("ETag"))
	}
	d.want(412, "stale", call{method: "PATCH", path: "/tenants/acme", token: token, body: match, header: tag})
	d.want(409, "exists", call{method: "PATCH", path: "/tenants/globex", token: token, body: object{"hosts": []string{"acme.localhost"}}})
	d.want(412, "stale", call{method: "DELETE", path: "/tenants/initech", token: token, header: map[string]string{"If-Match": `"99"`}})
	d.want(204, "", call{method: "DELETE", path: "/tenants/initech", token: token, header: map[string]string{"If-Match": "*"}})
	d.want(404, "not_found", call{method: "GET", path: "/tenants/initech", token: token})
	d.want(403, "forbidden", call{method: "DELETE", path: "/tenants/operator", token: token})
}

func (d *desk) apisConversation() {
	token := d.operator()
	api := object{
		"identifier": "https://api.acme.example", "name": "Acme API", "token_format": "jwt", "signing_alg": "ES256", "shared_host": true,
		"scopes": []object{{"name": "data", "description": "Data"}, {"name": "api", "deprecated": true}}, "access_token_lifetime": 900,
	}
	made := d.want(201, "", call{method: "POST", path: "/tenants/acme/apis", token: token, body: api})
	d.want(409, "exists", call{method: "POST", path: "/tenants/acme/apis", token: token, body: api})
	d.want(201, "", call{method: "POST", path: "/tenants/acme/apis", token: token, body: object{"identifier": "urn:second", "name": "Second"}})
	d.want(200, "", call{method: "GET", path: "/tenants/acme/apis?q=https%3A", token: token})
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	byID := d.want(200, "", call{method: "GET", path: one, token: token})
	byName := d.want(200, "", call{method: "GET", path: "/tenants/acme/apis/" + url.PathEscape("https://api.acme.example"), token: token})
	if string(byID.raw) != string(byName.raw) {
		d.t.Errorf("by id %s, by identifier %s", byID.raw, byName.raw)
	}
	stale := map[string]string{"If-Match": `"99"`}
	d.want(200, "", call{method: "PATCH", path: one, token: token, body: object{"name": "API", "signing_alg": nil}, header: map[string]string{"If-Match": byID.header.Get("ETag")}})
	d.want(412, "stale", call{method: "PATCH", path: one, token: token, body: object{"name": "Lost"}, header: stale})
	d.want(412, "stale", call{method: "DELETE", path: "/tenants/acme/apis/urn:second", token: token, header: stale})
	d.want(204, "", call{method: "DELETE", path: "/tenants/acme/apis/urn:second", token: token})

	// A second tenant with the same audience and client_id becomes findable.
	hidden := object{"identifier": "https://api.acme.example", "name": "Globex's", "shared_host": false}
	other := d.want(201, "", call{method: "POST", path: "/tenants/globex/apis", token: token, body: hidden})
	for _, slug := range []string{"acme", "globex"} {
		d.want(201, "", call{method: "POST", path: "/tenants/" + slug + "/clients", token: token, body: object{"name": "Same", "client_id": "106", "apis": []object{{"identifier": "https://api.acme.example"}}}})
	}
	path := strings.TrimPrefix(other.header.Get("Location"), "/admin/v1")
	d.want(409, "ambiguous", call{method: "PATCH", path: path, token: token, body: object{"shared_host": true}})
	used := d.want(409, "in_use", call{method: "DELETE", path: one, token: token})
	if used.body["client_count"] != 1.0 || fmt.Sprint(used.body["clients"]) != "[106]" {
		d.t.Errorf("in use: %s", used.raw)
	}
	d.want(409, "in_use", call{method: "PATCH", path: one, token: token, body: object{"scopes": []object{}}})
}

func (d *desk) clientsConversation() {
	token := d.operator()
	erp := object{
		"name": "ERP sync", "description": "", "grant_types": []string{"client_credentials"}, "token_endpoint_auth_method": "client_secret_basic",
		"apis":       []object{{"identifier": "https://api.acme.example", "scopes": []string{"data"}}},
		"expires_at": "2099-01-01T00:00:00Z", "lifetimes": object{"client_credentials": 900}, "resource_server_for": []string{"https://api.acme.example"},
	}
	made := d.want(201, "", call{method: "POST", path: "/tenants/acme/clients", token: token, body: erp})
	if !admin.ValidSecret(made.text("client_secret")) {
		d.t.Errorf("the secret is not one of ours: %d characters", len(made.text("client_secret")))
	}
	imported := object{"name": "Imported", "client_id": "a~b@c.d", "client_secret": "a+b%2Fc", "grant_types": []string{}}
	d.want(201, "", call{method: "POST", path: "/tenants/acme/clients", token: token, body: imported})
	d.want(409, "exists", call{method: "POST", path: "/tenants/acme/clients", token: token, body: imported})
	d.want(200, "", call{method: "GET", path: "/tenants/acme/clients?q=imp&page_size=200", token: token})
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	shown := d.want(200, "", call{method: "GET", path: one, token: token})
	if shown.body["client_secret"] != nil {
		d.t.Error("the secret was shown again")
	}
	tag := map[string]string{"If-Match": shown.header.Get("ETag")}
	d.want(200, "", call{method: "PATCH", path: one, token: token, body: object{"status": "disabled", "expires_at": nil}, header: tag})
	d.want(412, "stale", call{method: "PATCH", path: one, token: token, body: object{"status": "active"}, header: tag})
	d.want(201, "", call{method: "POST", path: "/tenants/acme/apis", token: token, body: object{"identifier": "shared", "name": "Shared"}})
	d.want(200, "", call{method: "PATCH", path: "/tenants/acme/clients/106", token: token, body: object{"apis": []object{{"identifier": "shared"}}}})
	d.want(412, "stale", call{method: "DELETE", path: one, token: token, header: tag})
	d.want(204, "", call{method: "DELETE", path: one, token: token})
}

func (d *desk) secretsConversation() {
	token := d.operator()
	const secrets = "/tenants/acme/clients/106/secrets"
	made := d.want(201, "", call{method: "POST", path: secrets, token: token})
	d.want(201, "", call{method: "POST", path: secrets, token: token, body: object{"expires_at": nil, "secret": "brought from elsewhere"}})
	d.want(409, "exists", call{method: "POST", path: secrets, token: token, body: object{"secret": "brought from elsewhere"}})
	list := d.want(200, "", call{method: "GET", path: secrets, token: token})
	if n := len(list.body["items"].([]any)); n != 3 || strings.Contains(string(list.raw), made.text("secret")) || strings.Contains(string(list.raw), "elsewhere\"") {
		d.t.Errorf("%d secrets: %s", n, list.raw)
	}
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	d.want(204, "", call{method: "DELETE", path: one, token: token})
	d.want(404, "not_found", call{method: "DELETE", path: one, token: token})
}

func (d *desk) clientKeysConversation() {
	token := d.operator()
	const keys = "/tenants/acme/clients/106/keys"
	made := d.want(201, "", call{method: "POST", path: keys, token: token, body: sample("addClientKey")})
	if made.text("source") != "jwk" || made.text("kid") != "mine" || made.text("alg") != "RS256" || made.body["expires_at"] != nil {
		d.t.Errorf("made: %s", made.raw)
	}
	d.want(409, "exists", call{method: "POST", path: keys, token: token, body: sample("addClientKey")})
	private := object{"jwk": object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}}
	if refused := d.want(400, "invalid", call{method: "POST", path: keys, token: token, body: private}); refused.text("field") != "jwk" || strings.Contains(string(refused.raw), "nWGx") {
		d.t.Errorf("a private key: %s", refused.raw)
	}
	list := d.want(200, "", call{method: "GET", path: keys, token: token})
	if n := len(list.body["items"].([]any)); n != 1 {
		d.t.Errorf("%d keys: %s", n, list.raw)
	}
	ending := object{"jwk": object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}, "expires_at": "2099-01-01T00:00:00Z"}
	d.want(201, "", call{method: "POST", path: keys, token: token, body: ending})
	both := d.want(200, "", call{method: "GET", path: "/tenants/acme/clients/106/credentials", token: token}).body["items"].([]any)
	if n := len(both); n != 4 || both[0].(object)["expires_at"] != "2099-01-01T00:00:00Z" || both[0].(object)["kind"] != "jwk" {
		d.t.Errorf("credentials: %v", both)
	}
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	d.want(204, "", call{method: "DELETE", path: one, token: token})
	d.want(404, "not_found", call{method: "DELETE", path: one, token: token})
	settings := object{
		"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://client.example/jwks", "allow_assertions_without_jti": true,
		"assertion_audiences": []string{"https://gatehouse.example:443/oauth2/token"}, "max_assertion_lifetime": 1800,
	}
	d.want(200, "", call{method: "PATCH", path: "/tenants/acme/clients/106", token: token, body: settings})
	refused := d.want(400, "invalid", call{method: "PATCH", path: "/tenants/acme/clients/106", token: token, body: object{"jwks_uri": "https://127.0.0.1/jwks"}})
	if refused.text("field") != "jwks_uri" {
		d.t.Errorf("a jwks_uri on the loopback: %s", refused.raw)
	}
}

func (d *desk) trustedIssuersConversation() {
	token := d.operator()
	const all = "/tenants/acme/trusted-issuers"
	ci := object{
		"issuer": "https://ci.example", "name": "CI", "jwks_uri": "https://ci.example/jwks", "audiences": []string{"https://acme"}, "signing_algs": []string{"RS256"},
		"max_assertion_lifetime": 600, "reusable_assertions": false,
		"rules": []object{{"client_id": "106", "subject": "repo:acme/app:*", "claims": object{"ref": []string{"refs/heads/main"}}, "scopes": []string{"data"}}},
	}
	made := d.want(201, "", call{method: "POST", path: all, token: token, body: ci})
	if made.text("status") != "active" || len(made.body["rules"].([]any)) != 1 {
		d.t.Errorf("made: %s", made.raw)
	}
	d.want(409, "exists", call{method: "POST", path: all, token: token, body: ci})
	d.want(200, "", call{method: "GET", path: all + "?q=https", token: token})
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	shown := d.want(200, "", call{method: "GET", path: one, token: token})
	tag, stale := map[string]string{"If-Match": shown.header.Get("ETag")}, map[string]string{"If-Match": `"99"`}
	keys := object{"jwks_uri": nil, "jwks": object{"keys": []any{sample("addClientKey").(object)["jwk"]}}, "rules": []object{{"client_id": "106", "subject": "exactly"}}}
	changed := d.want(200, "", call{method: "PATCH", path: one, token: token, body: keys, header: tag})
	if changed.body["jwks_uri"] != nil || changed.body["jwks"] == nil {
		d.t.Errorf("changed: %s", changed.raw)
	}
	d.want(412, "stale", call{method: "PATCH", path: one, token: token, body: object{"name": "Lost"}, header: tag})
	for field, wrong := range map[string]object{
		"rules[0].subject":    {"rules": []object{{"client_id": "106", "subject": "repo:acme*"}}},
		"rules[0].client_id":  {"rules": []object{{"client_id": "nobody", "subject": "a"}}},
		"rules[0].user_id":    {"rules": []object{{"client_id": "106", "subject": "a", "user_id": "nobody"}}},
		"rules[0].claims.ref": {"rules": []object{{"client_id": "106", "subject": "a", "claims": object{"ref": []string{"*"}}}}},
		"jwks.keys[0]":        {"jwks": object{"keys": []object{{"kty": "oct", "k": "AAAA"}}}},
		"jwks_uri":            {"jwks_uri": "https://10.0.0.1/", "jwks": nil},
		"signing_algs":        {"signing_algs": []string{"HS256"}},
		"issuer":              {"issuer": "https://another.example"},
	} {
		if refused := d.want(400, "invalid", call{method: "PATCH", path: one, token: token, body: wrong}); refused.text("field") != field {
			d.t.Errorf("%v: %s", wrong, refused.raw)
		}
	}
	d.want(412, "stale", call{method: "DELETE", path: one, token: token, header: stale})
	d.want(204, "", call{method: "DELETE", path: one, token: token})
	d.want(404, "not_found", call{method: "GET", path: one, token: token})
	kept := d.want(201, "", call{method: "POST", path: all, token: token, body: ci})
	d.issuer = kept.text("id")
}

func (d *desk) remoteGrantsConversation() {
	token := d.operator()
	const all = "/tenants/acme/remote-grants"
	const badge = "https://acme.example/grants/badge"
	made := d.want(201, "", call{method: "POST", path: all, token: token, body: object{
		"grant_type": badge, "name": "Badge", "endpoint": "https://acme.example/badge", "params": []string{"badge", "pin"}, "public_clients": true,
	}})
	if made.text("status") != "active" || len(made.body["params"].([]any)) != 2 {
		d.t.Errorf("made: %s", made.raw)
	}
	d.want(409, "exists", call{method: "POST", path: all, token: token, body: object{"grant_type": badge, "endpoint": "https://acme.example/"}})
	d.want(200, "", call{method: "GET", path: all + "?q=https", token: token})
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	shown := d.want(200, "", call{method: "GET", path: one, token: token})
	tag, stale := map[string]string{"If-Match": shown.header.Get("ETag")}, map[string]string{"If-Match": `"99"`}
	d.want(200, "", call{method: "PATCH", path: one, token: token, body: object{"status": "disabled", "params": []string{}, "public_clients": false}, header: tag})
	d.want(412, "stale", call{method: "PATCH", path: one, token: token, body: object{"name": "Lost"}, header: tag})
	for field, wrong := range map[string]object{
		"endpoint": {"endpoint": "https://10.0.0.1/"}, "params[1]": {"params": []string{"a", "Client_Secret"}}, "grant_type": {"grant_type": "urn:acme:other"},
	} {
		if refused := d.want(400, "invalid", call{method: "PATCH", path: one, token: token, body: wrong}); refused.text("field") != field {
			d.t.Errorf("%v: %s", wrong, refused.raw)
		}
	}
	d.want(200, "", call{method: "PATCH", path: "/tenants/acme/clients/106", token: token, body: object{"grant_types": []string{"client_credentials", badge}}})
	d.want(409, "in_use", call{method: "DELETE", path: one, token: token})
	d.want(200, "", call{method: "PATCH", path: "/tenants/acme/clients/106", token: token, body: object{"grant_types": []string{"client_credentials"}}})
	d.want(412, "stale", call{method: "DELETE", path: one, token: token, header: stale})
	d.want(204, "", call{method: "DELETE", path: one, token: token})
	d.want(404, "not_found", call{method: "GET", path: one, token: token})
	d.grant = d.want(201, "", call{method: "POST", path: all, token: token, body: sample("createRemoteGrant")}).text("id")
}

func (d *desk) keysConversation() {
	token := d.operator()
	const all = "/tenants/acme/signing-keys"
	acme, err := d.service.Tenant(d.t.Context(), everything(), "acme")
	d.must(err)
	d.must(d.service.EnsureKey(d.t.Context(), acme.ID, keys.RS256))
	d.must(d.db.AddUses(d.t.Context(), []tenants.FirstUse{{
		TenantID: acme.ID, Kid: "k", ClientID: "erp", Audience: "shared", Hour: d.now, Count: 3, LatestExpiry: d.now.Add(time.Hour),
	}})) // of a key that is gone
	uses := d.want(200, "", call{method: "GET", path: all + "/k/uses?q=e", token: token})
	if use := uses.body["items"].([]any)[0].(object); use["client_id"] != "erp" || use["count"] != 3.0 {
		d.t.Errorf("the use: %v", use)
	}
	first := d.want(200, "", call{method: "GET", path: all, token: token}).body["items"].([]any)[0].(object)
	d.want(409, "in_use", call{method: "DELETE", path: all + "/" + first["kid"].(string), token: token})
	d.want(200, "", call{method: "POST", path: all + "/rotate", token: token})
	early := d.want(409, "too_early", call{method: "POST", path: all + "/rotate", token: token, body: object{"immediately": true, "force": false}})
	if early.text("earliest") == "" {
		d.t.Errorf("too early: %s", early.raw)
	}
	d.want(200, "", call{method: "POST", path: all + "/rotate", token: token, body: object{"immediately": true, "force": true, "alg": "RS256"}})
	list := d.want(200, "", call{method: "GET", path: all, token: token})
	if strings.Contains(string(list.raw), "ealed") || strings.Contains(string(list.raw), "ublic") {
		d.t.Errorf("more of the keys is shown than should be: %s", list.raw)
	}
	for _, item := range list.body["items"].([]any) {
		key := item.(object)
		path := all + "/" + key["kid"].(string)
		if key["state"] == "active" {
			d.want(200, "", call{method: "POST", path: path + "/revoke", token: token})
			d.want(200, "", call{method: "POST", path: path + "/revoke", token: token, body: object{}})
		}
		if key["state"] == "retiring" {
			d.want(409, "too_early", call{method: "DELETE", path: path, token: token})
			d.now = d.now.Add(oauth.MaxTokenLife + 24*time.Hour)
			token = d.operator()
			d.want(204, "", call{method: "DELETE", path: path, token: token})
		}
	}
}

func (d *desk) auditConversation() {
	page := d.want(200, "", call{method: "GET", path: "/tenants/acme/audit-events?since=2020-01-01T00:00:00Z&q=client.&page_size=1", token: d.operator()})
	event := page.body["items"].([]any)[0].(object)
	if event["actor"] != "client:operator@operator" || event["address"] != "127.0.0.1" || event["request_id"] == nil {
		d.t.Errorf("the newest event: %v", event)
	}
}

// refusals walks every operation with what each refuses alike.
func (d *desk) refusals() {
	token, weak := d.operator(), d.token("operator", "operator")
	for path, item := range d.spec.Paths.Map() {
		if path == "/openapi.yaml" {
			continue
		}
		d.want(405, "method_not_allowed", call{method: "PUT", path: d.fill(path, "acme"), token: token})
		for method, operation := range item.Operations() {
			c := call{method: method, path: d.fill(path, "acme"), token: token}
			if operation.RequestBody != nil {
				c.body = object{}
			}
			with := func(change func(*call)) call { changed := c; change(&changed); return changed }
			unauthorized := d.want(401, "unauthorized", with(func(c *call) { c.token = "" }))
			if unauthorized.header.Get("WWW-Authenticate") != `Bearer realm="gatehouse"` {
				d.t.Errorf("%s: WWW-Authenticate %q", operation.OperationID, unauthorized.header.Get("WWW-Authenticate"))
			}
			d.want(401, "invalid_token", with(func(c *call) { c.token = "x.y.z" }))
			d.want(400, "invalid", with(func(c *call) { c.path += "?nonsense=1" }))
			if method == http.MethodPatch || method == http.MethodPost && operation.RequestBody != nil && operation.RequestBody.Value.Required {
				d.refusedBodies(c)
			}
			if operation.RequestBody != nil {
				d.want(413, "too_large", with(func(c *call) { c.body = strings.Repeat(" ", 64<<10+1); c.chunked = true }))
				d.want(415, "unsupported_media_type", with(func(c *call) { c.contentType = "text/plain" }))
			}
			valid := with(func(c *call) { c.body, c.token = sample(operation.OperationID), weak })
			lacks := d.want(403, "forbidden", valid)
			if needs := "`" + lacks.text("scope") + "`"; !strings.HasPrefix(operation.Description, "Needs "+needs) {
				d.t.Errorf("%s needs %s, and says: %s", operation.OperationID, needs, operation.Description)
			}
			if want := `error="insufficient_scope", scope="` + lacks.text("scope") + `"`; !strings.Contains(lacks.header.Get("WWW-Authenticate"), want) {
				d.t.Errorf("%s: WWW-Authenticate %q, want %s", operation.OperationID, lacks.header.Get("WWW-Authenticate"), want)
			}
			if strings.Contains(path, "{tenant}") {
				d.want(404, "not_found", call{method: method, path: d.fill(path, "nobody"), token: token, body: sample(operation.OperationID)})
			}
		}
	}
	d.want(404, "not_found", call{method: "GET", path: "/nowhere", token: token})
	d.want(404, "not_found", call{method: "GET", path: "", token: token})
	d.want(404, "not_found", call{method: "GET", path: "/tenants/acme/nothing", token: token})
}

func (d *desk) refusedBodies(c call) {
	for body, field := range map[string]string{
		`{"nmae":"x"}`: "nmae", `{"name":"x","name":"y"}`: "name", `{"name":7}`: "name", `[]`: "", `{} {}`: "", `{`: "", ``: "",
	} {
		c.body = body
		if refused := d.want(400, "invalid", c); refused.text("field") != field {
			d.t.Errorf("%s %s with %s: %s", c.method, c.path, body, refused.raw)
		}
	}
}

// fill writes a path with ids in place of its parameters.
func (d *desk) fill(path, tenant string) string {
	return strings.NewReplacer("{tenant}", tenant, "{api}", "shared", "{client}", "106", "{secret}", "s", "{client_key}", "k", "{issuer}", d.issuer, "{rule}", d.rule, "{grant}", d.grant, "{kid}", "k", "{user}", "ann", "{group}", "staff", "{key}", d.key).Replace(path)
}

// sample is a body that the operation takes.
func sample(operation string) any {
	switch operation {
	case "createTenant":
		return object{"slug": "sample", "name": "Sample"}
	case "createAPI":
		return object{"identifier": "sample", "name": "Sample"}
	case "createClient", "updateTenant", "updateAPI", "updateClient":
		return object{"name": "Sample"}
	case "createUser":
		return object{"username": "sample"}
	case "createGroup", "updateGroup", "updateUser", "createAPIKey", "updateAPIKey":
		return object{"name": "Sample"}
	case "createTrustedIssuer":
		return object{"issuer": "https://sample.example", "jwks_uri": "https://sample.example/jwks"}
	case "createImpersonationRule":
		return object{"actor": object{"user": "sample"}, "target": object{"group": "sample"}}
	case "updateImpersonationRule":
		return object{"description": "Sample"}
	case "createRemoteGrant":
		return object{"grant_type": "urn:sample:grant", "endpoint": "https://sample.example/"}
	case "updateTrustedIssuer", "updateRemoteGrant":
		return object{"name": "Sample"}
	case "addClientKey":
		return object{"jwk": object{"kty": "RSA", "kid": "mine", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(keystest.RSA(2048, 0).N.Bytes())}}
	case "revokeTokens":
		return object{"client_id": "106"}
	case "addSecret", "rotateSigningKey", "revokeSigningKey":
		return object{}
	}
	return nil
}
