package interop

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// The host that Salesforce's clients know by heart.
const accountManager = "account.demandware.com"

// Pairs that are imported as they are. What the secrets have in them is encoded
// by some clients, and not by others.
const (
	importedSecret   = "a+b%2Fc"
	dealcloudID      = "106"
	ocapiID          = "abcdabcd-abcd-abcd-abcd-abcdabcdabcd"
	contentHubTenant = "7d1f9a0e-5b1e-4f0c-8d57-0c3a3a9c3c11"
)

// The person who is known to each system that knows people.
const username, password = "ann@shop.example", "correct horse"

// system is a tenant that was made from a preset.
type system struct {
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// systems is one server with a tenant for each system, reached by https.
type systems struct {
	*running
	trust *authority
	proxy *url.URL // leads to it who asks for the host of Account Manager
	by    map[string]system
}

// The clients of five systems get their tokens from one server, and they are
// told no more than where it is.
func TestClientsOfOtherSystems(t *testing.T) {
	t.Parallel()
	all := newSystems(t)
	t.Run("golang.org/x/oauth2", all.goClients)
	t.Run("golang.org/x/oauth2, device", all.goDevice)
	t.Run("npm", all.npmClients)
	t.Run("python3-requests-oauthlib", all.pythonClient)
}

func newSystems(t *testing.T) *systems {
	t.Helper()
	s := &systems{trust: newAuthority(t, accountManager), by: map[string]system{}}
	client := &http.Client{Transport: s.trust.transport()}
	s.running = startAs(t, "https", client, "GATEHOUSE_TLS_CERT="+s.trust.cert, "GATEHOUSE_TLS_KEY="+s.trust.key)
	s.proxy = startProxy(t, strings.TrimPrefix(s.url, "https://"))
	client.Transport.(*http.Transport).Proxy = func(r *http.Request) (*url.URL, error) {
		if r.URL.Hostname() == accountManager {
			return s.proxy, nil
		}
		return nil, nil
	}

	s.furnish(t, "dynamicweb-management")
	s.furnish(t, "dealcloud")
	s.furnish(t, "ocapi", "--host", accountManager, "--issuer", "https://"+accountManager)
	s.furnish(t, "dynamicweb-delivery")
	s.furnish(t, "content-hub-one",
		"--dialect-setting", "content-hub-one.tenant_id="+contentHubTenant, "--dialect-setting", "content-hub-one.organization_id=org_shop")

	s.importClient(t, "dealcloud", dealcloudID, "urn:dealcloud:api", "client_credentials")
	s.importClient(t, "ocapi", ocapiID, "urn:salesforce:ocapi", "client_credentials", "password", "refresh_token")
	for tenant, groups := range map[string][]string{"ocapi": {"Business managers"}, "dynamicweb-delivery": {}, "content-hub-one": {}} {
		s.create(t, "tenants/"+tenant+"/users", map[string]any{
			"username": username, "password": password, "name": "Ann Example", "groups": groups,
		}, &struct{}{})
	}
	return s
}

// furnish makes the tenant of a system as its operator would.
func (s *systems) furnish(t *testing.T, preset string, flags ...string) {
	t.Helper()
	var made struct {
		Issuer  string   `json:"issuer"`
		Clients []system `json:"clients"`
	}
	s.command(t, &made, append([]string{"tenants", "create", preset, "--name", preset, "--preset", preset}, flags...)...)
	made.Clients[0].Issuer = made.Issuer
	s.by[preset] = made.Clients[0]
}

func (s *systems) importClient(t *testing.T, tenant, id, api string, grants ...string) {
	t.Helper()
	s.create(t, "tenants/"+tenant+"/clients", map[string]any{
		"name": "Imported", "client_id": id, "client_secret": importedSecret,
		"grant_types": grants, "apis": []map[string]any{{"identifier": api}},
	}, &struct{}{})
}

// settings tell the tests in other languages all of that. Their languages know
// the variables for proxies and authorities themselves.
func (s *systems) settings(t *testing.T) []string {
	t.Helper()
	content, err := json.Marshal(map[string]any{
		"url": s.url, "systems": s.by, "username": username, "password": password, "imported_secret": importedSecret,
		"dealcloud_id": dealcloudID, "ocapi_id": ocapiID, "content_hub_tenant": contentHubTenant,
	})
	if err != nil {
		t.Fatal(err)
	}
	return []string{"GATEHOUSE_TEST_SYSTEMS=" + string(content)}
}

func (s *systems) npmClients(t *testing.T) {
	t.Parallel()
	settings := append(s.settings(t), "NODE_EXTRA_CA_CERTS="+s.trust.file, "HTTPS_PROXY="+s.proxy.String(), "NO_PROXY=127.0.0.1")
	runNode(t, settings, "systems/sfcc-ci.mjs", "systems/headless-api.mjs", "systems/content-sdk.mjs")
}

// startProxy leads those who want Account Manager to the server at address.
func startProxy(t *testing.T, address string) *url.URL {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != accountManager+":443" {
			http.Error(w, r.Method+" "+r.Host+" is not for this proxy", http.StatusForbidden)
			return
		}
		server, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			server.Close()
			return
		}
		go func() {
			defer server.Close()
			_, _ = io.Copy(server, client)
		}()
		defer client.Close()
		if _, err := io.WriteString(client, "HTTP/1.1 200 Connected\r\n\r\n"); err == nil {
			_, _ = io.Copy(client, server)
		}
	}))
	t.Cleanup(proxy.Close)
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
