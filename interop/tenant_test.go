package interop

import (
	"context"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// What the tenant of the tests knows. Its client may have the scope, and not
// the other one.
const (
	audience       = "https://api.acme.example"
	scope          = "data"
	ungrantedScope = "billing"
)

// acme is a tenant with a path issuer, one API and one client.
type acme struct {
	issuer, clientID, clientSecret string
}

func newAcme(t *testing.T) *acme {
	t.Helper()
	server := start(t)
	var tenant struct{ Issuer string }
	server.create(t, "tenants", map[string]any{"slug": "acme", "name": "Acme"}, &tenant)
	if want := server.url + "/t/acme"; tenant.Issuer != want {
		t.Fatalf("the issuer is %s, want %s", tenant.Issuer, want)
	}
	server.create(t, "tenants/acme/apis", map[string]any{
		"identifier": audience, "name": "Acme API",
		"scopes": []map[string]string{{"name": scope}, {"name": ungrantedScope}},
	}, &struct{}{})
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	server.create(t, "tenants/acme/clients", map[string]any{
		"name": "ERP sync", "grant_types": []string{"client_credentials"},
		"token_endpoint_auth_method": "client_secret_basic",
		"apis":                       []map[string]any{{"identifier": audience, "scopes": []string{scope}}},
	}, &client)
	return &acme{issuer: tenant.Issuer, clientID: client.ID, clientSecret: client.Secret}
}

// config is that of a Go program that asks for a token.
func (a *acme) config(style oauth2.AuthStyle) *clientcredentials.Config {
	return &clientcredentials.Config{
		ClientID: a.clientID, ClientSecret: a.clientSecret,
		TokenURL: a.issuer + "/oauth2/token", AuthStyle: style,
		Scopes: []string{scope}, EndpointParams: map[string][]string{"audience": {audience}},
	}
}

func (a *acme) token(t *testing.T) string {
	t.Helper()
	token, err := a.config(oauth2.AuthStyleInHeader).Token(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return token.AccessToken
}
