package adminapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// furnished makes a tenant with one of everything, and returns what stands for
// a path's parameters.
func (d *desk) furnished(slug string) *strings.Replacer {
	d.t.Helper()
	t, err := d.service.CreateTenant(d.t.Context(), everything(), admin.NewTenant{Slug: slug, Name: slug})
	d.must(err)
	api, err := d.service.CreateAPI(d.t.Context(), everything(), slug, admin.NewAPI{Identifier: "api-of-" + slug, Name: "API"})
	d.must(err)
	var n admin.NewClient
	n.ID, n.Name, n.APIs = "client-of-"+slug, "Client", []tenants.APIAccess{{Identifier: api.Identifier}}
	client, err := d.service.CreateClient(d.t.Context(), everything(), slug, n)
	d.must(err)
	var n2 admin.NewClientKey
	n2.JWK = sample("addClientKey").(object)["jwk"].(object)
	clientKey, err := d.service.AddClientKey(d.t.Context(), everything(), slug, client.ID, n2)
	d.must(err)
	issuer, err := d.service.CreateTrustedIssuer(d.t.Context(), everything(), slug, admin.NewTrustedIssuer{
		Issuer: "https://ci.example", TrustedIssuerSettings: admin.TrustedIssuerSettings{JWKSURI: "https://ci.example/jwks"},
	})
	d.must(err)
	grant, err := d.service.CreateRemoteGrant(d.t.Context(), everything(), slug, admin.NewRemoteGrant{
		GrantType: "urn:example:grant", RemoteGrantSettings: admin.RemoteGrantSettings{Endpoint: "https://example.com/"},
	})
	d.must(err)
	d.must(d.service.EnsureKey(d.t.Context(), t.ID, keys.ES256))
	list, err := d.service.SigningKeys(d.t.Context(), everything(), slug, admin.Query{})
	d.must(err)
	group, err := d.service.CreateGroup(d.t.Context(), everything(), slug, admin.GroupSettings{Name: "group-of-" + slug})
	d.must(err)
	user, err := d.service.CreateUser(d.t.Context(), everything(), slug, admin.NewUser{ID: "user-of-" + slug, UserSettings: admin.UserSettings{
		Username: "User", Password: "canary-password", Groups: []string{group.Name},
	}})
	d.must(err)
	key, err := d.service.CreateAPIKey(d.t.Context(), everything(), slug, user.ID, admin.NewAPIKey{APIKeySettings: admin.APIKeySettings{Name: "Key"}})
	d.must(err)
	session := &tenants.Session{ID: "session-of-" + slug, TenantID: t.ID, UserID: user.ID, Hash: []byte(slug), CreatedAt: time.Now(), SeenAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	d.must(d.db.CreateSession(d.t.Context(), session, nil, tenants.AuditEvent{ID: "audit-of-" + session.ID, TenantID: t.ID, At: time.Now()}))
	rule, err := d.service.CreateImpersonationRule(d.t.Context(), everything(), slug, admin.NewImpersonationRule{
		Actor: tenants.Party{Client: client.ID}, Target: tenants.Party{User: user.ID},
	})
	d.must(err)
	return strings.NewReplacer("{session}", session.ID, "{user}", user.ID, "{group}", group.ID, "{key}", key.ID, "{tenant}", slug, "{api}", api.ID, "{client}", client.ID, "{secret}", client.Secrets[0].ID, "{client_key}", clientKey.ID, "{issuer}", issuer.ID, "{rule}", rule.ID, "{grant}", grant.ID, "{kid}", list.Items[0].Kid)
}

// Every operation, with another tenant's token and ids: the answer is the one
// for ids that nobody has, and nothing happens.
func TestClassGAnotherTenantIsAnsweredLikeNone(t *testing.T) {
	d := newDesk(t)
	acme := d.furnished("acme")
	d.furnished("other")
	token := d.administrator("other")
	nobody := strings.NewReplacer("{tenant}", "nobody", "{api}", "nothing", "{client}", "nothing", "{secret}", "nothing", "{client_key}", "nothing", "{issuer}", "nothing", "{rule}", "nothing", "{grant}", "nothing", "{kid}", "nothing", "{user}", "nothing", "{group}", "nothing", "{key}", "nothing", "{session}", "nothing")
	own := strings.NewReplacer("{tenant}", "other", "{api}", "nothing", "{client}", "nothing", "{secret}", "nothing", "{client_key}", "nothing", "{issuer}", "nothing", "{rule}", "nothing", "{grant}", "nothing", "{kid}", "nothing", "{user}", "nothing", "{group}", "nothing", "{key}", "nothing", "{session}", "nothing")
	before := d.audit("acme")
	walked := 0
	for path, item := range d.spec.Paths.Map() {
		if !strings.Contains(path, "{tenant}") {
			continue
		}
		for method, operation := range item.Operations() {
			walked++
			ask := func(path string) object {
				c := call{method: method, path: path, token: token, body: sample(operation.OperationID)}
				r := d.want(http.StatusNotFound, "not_found", c)
				delete(r.body, "request_id")
				r.body["detail"] = withoutNames(r.text("detail"), path)
				return r.body
			}
			if got, want := ask(acme.Replace(path)), ask(nobody.Replace(path)); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v for another's, %v for nobody's", operation.OperationID, got, want)
			}
			// Another's ids below its own tenant.
			if strings.Count(path, "{") > 1 {
				below := strings.Replace(acme.Replace(path), "/tenants/acme", "/tenants/other", 1)
				if got, want := ask(below), ask(own.Replace(path)); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %v for another's ids, %v for unknown ones", operation.OperationID, got, want)
				}
			}
		}
	}
	if walked < 20 {
		t.Errorf("only %d operations were walked", walked)
	}
	if after := d.audit("acme"); after != before {
		t.Errorf("something happened: %s", strings.TrimSuffix(after, before))
	}
	list := d.want(200, "", call{method: "GET", path: "/tenants", token: token})
	if items := list.body["items"].([]any); len(items) != 1 || items[0].(object)["slug"] != "other" {
		t.Errorf("its list: %s", list.raw)
	}
}

// withoutNames takes out of a text what it repeats of the path that was asked for.
func withoutNames(text, path string) string {
	for part := range strings.SplitSeq(path, "/") {
		if name, err := url.PathUnescape(part); err == nil && name != "" {
			text = strings.ReplaceAll(text, `: "`+name+`"`, "")
		}
	}
	return text
}

func (d *desk) audit(slug string) string {
	d.t.Helper()
	page, err := d.service.AuditEvents(d.t.Context(), everything(), slug, time.Time{}, admin.Query{Size: 200})
	d.must(err)
	return fmt.Sprint(page.Items)
}

func TestClassPPageTokensOfOthersAreRefused(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	d.furnished("other")
	for _, slug := range []string{"acme", "other"} {
		d.administrator(slug)
	}
	_, err := d.service.CreateUser(d.t.Context(), everything(), "acme", admin.NewUser{UserSettings: admin.UserSettings{Username: "Ann"}})
	d.must(err)
	token := d.operator()
	first := d.want(200, "", call{method: "GET", path: "/tenants/acme/clients?page_size=1", token: token})
	next := first.text("next_page_token")
	d.want(200, "", call{method: "GET", path: "/tenants/acme/clients?page_size=1&page_token=" + next, token: token})
	for _, path := range []string{
		"/tenants/other/clients?page_token=" + next, "/tenants/acme/apis?page_token=" + next,
		"/tenants/acme/clients?q=a&page_token=" + next, "/tenants?page_token=" + next, "/tenants/acme/clients?page_token=" + next + "A",
		"/tenants/acme/users?group=group-of-acme&page_token=" + d.want(200, "", call{method: "GET", path: "/tenants/acme/users?page_size=1", token: token}).text("next_page_token"),
	} {
		if r := d.want(400, "invalid", call{method: "GET", path: path, token: token}); r.text("field") != "page_token" {
			t.Errorf("%s: %s", path, r.raw)
		}
	}
}
