package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

// context has golang.org/x/oauth2 trust the server.
func (s *systems) context(t *testing.T) context.Context {
	return context.WithValue(t.Context(), oauth2.HTTPClient, s.client)
}

// config is that of a program that asks a system for a token at path.
func (s *systems) config(name, path string, style oauth2.AuthStyle) *clientcredentials.Config {
	of := s.by[name]
	return &clientcredentials.Config{ClientID: of.ClientID, ClientSecret: of.ClientSecret, TokenURL: of.Issuer + path, AuthStyle: style}
}

// golang.org/x/oauth2 at the token endpoints of all five.
func (s *systems) goClients(t *testing.T) {
	t.Parallel()
	t.Run("dynamicweb-management", s.goManagement)
	t.Run("dealcloud", s.goDealCloud)
	t.Run("ocapi", s.goOCAPI)
	t.Run("ocapi, people", s.goOCAPIPeople)
	t.Run("ocapi, private_key_jwt", s.goOCAPIAssertion)
	t.Run("dynamicweb-delivery", s.goDelivery)
	t.Run("content-hub-one", s.goContentHub)
}

func (s *systems) goManagement(t *testing.T) {
	config := s.config("dynamicweb-management", "/Admin/OAuth/token/form", oauth2.AuthStyleInParams)
	token := s.token(t, config, "Bearer", 300)
	expires, err := time.Parse(time.RFC3339, token.Extra("expires").(string))
	if err != nil || expires.Sub(token.Expiry).Abs() > time.Minute || token.Extra("token") != token.AccessToken {
		t.Errorf("the makers' own fields say %v, %v", token.Extra("expires"), token.Extra("token"))
	}
	config.ClientSecret += "x"
	s.refused(t, config.Token, http.StatusUnauthorized, "invalid_client", "")
	config.ClientSecret = ""
	s.refused(t, config.Token, http.StatusBadRequest, "invalid_client", "")
}

func (s *systems) goDealCloud(t *testing.T) {
	config := s.config("dealcloud", "/api/rest/v1/oauth/token", oauth2.AuthStyleInHeader)
	config.Scopes = []string{"data", "user_management"}
	token := s.token(t, config, "Bearer", 900)
	if got := token.Extra("scope"); got != "data user_management" {
		t.Errorf("the scope is %v", got)
	}
	config.AuthStyle, config.ClientID, config.ClientSecret = oauth2.AuthStyleInParams, dealcloudID, importedSecret
	s.token(t, config, "Bearer", 900)
	config.Scopes = []string{"everything"}
	s.refused(t, config.Token, http.StatusBadRequest, "invalid_scope", "")
}

func (s *systems) goOCAPI(t *testing.T) {
	config := s.config("ocapi", "/dwsso/oauth2/access_token", oauth2.AuthStyleInHeader)
	s.token(t, config, "Bearer", 1799)
	config.ClientID, config.ClientSecret = ocapiID, importedSecret
	s.token(t, config, "Bearer", 1799)
	config.ClientSecret = "wrong"
	s.refused(t, config.Token, http.StatusUnauthorized, "invalid_client", "Client authentication failed")
}

func (s *systems) goOCAPIPeople(t *testing.T) {
	of, ctx := s.by["ocapi"], s.context(t)
	config := &oauth2.Config{ClientID: of.ClientID, ClientSecret: of.ClientSecret, Endpoint: oauth2.Endpoint{
		TokenURL: of.Issuer + "/dwsso/oauth2/access_token", AuthStyle: oauth2.AuthStyleInHeader,
	}}
	token, err := config.PasswordCredentialsToken(ctx, username, password)
	if err != nil {
		t.Fatal(err)
	}
	first := *token
	token.Expiry = time.Now().Add(-time.Minute) // so that the library renews it
	renewed, err := config.TokenSource(ctx, token).Token()
	if err != nil {
		t.Fatal(err)
	}
	if renewed.AccessToken == first.AccessToken || renewed.RefreshToken == "" || !renewed.Valid() {
		t.Errorf("renewed %v, valid %v", renewed.AccessToken != first.AccessToken, renewed.Valid())
	}
	wrong := func(ctx context.Context) (*oauth2.Token, error) {
		return config.PasswordCredentialsToken(ctx, username, "wrong")
	}
	s.refused(t, wrong, http.StatusBadRequest, "invalid_grant", "Resource owner authentication failed")

	// A Business Manager's grant, all of it in the body.
	manager := s.config("ocapi", "/dw/oauth2/access_token", oauth2.AuthStyleInParams)
	manager.EndpointParams = url.Values{
		"grant_type": {"urn:demandware:params:oauth:grant-type:client-id:dwsid:dwsecuretoken"}, "username": {username}, "password": {password},
	}
	s.token(t, manager, "Bearer", 900)
}

// The documented assertion: it names the token endpoint with its port, lives for
// half an hour, and has no jti. Its key is uploaded as a certificate.
func (s *systems) goOCAPIAssertion(t *testing.T) {
	const id = "signs-by-itself"
	private := keystest.RSA(4096, 0)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	s.create(t, "tenants/ocapi/clients", map[string]any{
		"name": "Signs", "client_id": id, "token_endpoint_auth_method": "private_key_jwt", "grant_types": []string{"client_credentials"},
		"apis": []map[string]any{{"identifier": "urn:salesforce:ocapi"}}, "max_assertion_lifetime": 1800, "allow_assertions_without_jti": true,
		"assertion_audiences": []string{"https://" + accountManager + "/dwsso/oauth2/access_token"},
	}, &struct{}{})
	s.create(t, "tenants/ocapi/clients/"+id+"/keys", map[string]any{"certificate": base64.StdEncoding.EncodeToString(certificate)}, &struct{}{})

	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: private}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": id, "sub": id, "exp": time.Now().Add(29 * time.Minute).Unix(),
		"aud": "https://" + accountManager + ":443/dwsso/oauth2/access_token",
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	config := &clientcredentials.Config{
		TokenURL: s.by["ocapi"].Issuer + "/dwsso/oauth2/access_token", AuthStyle: oauth2.AuthStyleInParams,
		EndpointParams: url.Values{
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
		},
	}
	s.token(t, config, "Bearer", 1799)
	config.EndpointParams.Set("client_assertion", broken(assertion))
	s.refused(t, config.Token, http.StatusUnauthorized, "invalid_client", "Client authentication failed")
}

func (s *systems) goDelivery(t *testing.T) {
	ctx := s.context(t)
	config := &oauth2.Config{Endpoint: oauth2.Endpoint{
		TokenURL: s.by["dynamicweb-delivery"].Issuer + "/dwapi/users/authenticate", AuthStyle: oauth2.AuthStyleInParams,
	}}
	token, err := config.PasswordCredentialsToken(ctx, username, password)
	if err != nil {
		t.Fatal(err)
	}
	if token.Extra("token") != token.AccessToken || token.Extra("expires_in") != 1800.0 {
		t.Errorf("got token %v, expires_in %v", token.Extra("token"), token.Extra("expires_in"))
	}
	response, err := config.Client(ctx, token).Get(s.by["dynamicweb-delivery"].Issuer + "/dwapi/users/info")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var profile struct{ UserName string }
	if err := json.NewDecoder(response.Body).Decode(&profile); err != nil || profile.UserName != username {
		t.Errorf("the token's profile is %+v: %s, %v", profile, response.Status, err)
	}

	_, err = config.PasswordCredentialsToken(ctx, username, "wrong")
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response.StatusCode != http.StatusNotFound ||
		!bytes.Equal(refused.Body, []byte(`"Username or password is not valid"`)) {
		t.Errorf("got %v", err)
	}
}

func (s *systems) goContentHub(t *testing.T) {
	config := s.config("content-hub-one", "", oauth2.AuthStyleInParams)
	config.TokenURL = s.url + "/oauth/token" // the host that all tenants share
	config.EndpointParams = url.Values{"audience": {contentHubAudience}}
	token := s.token(t, config, "Bearer", 900)
	parsed, err := jwt.ParseSigned(token.AccessToken, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Tenant string `json:"https://auth.sitecorecloud.io/claims/tenant_id"`
	}
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil || claims.Tenant != contentHubTenant {
		t.Errorf("the token names %+v, %v", claims, err)
	}
	config.ClientSecret += "x"
	s.refused(t, config.Token, http.StatusUnauthorized, "access_denied", "Unauthorized")
}

// token wants a token of that type that lives for so many seconds.
func (s *systems) token(t *testing.T, config *clientcredentials.Config, kind string, seconds float64) *oauth2.Token {
	t.Helper()
	token, err := config.Token(s.context(t))
	if err != nil {
		t.Fatal(err)
	}
	if lives := token.Extra("expires_in"); token.Type() != kind || !token.Valid() || lives != seconds {
		t.Errorf("got type %q, valid %v, expires in %v s; want %s, true, %v", token.Type(), token.Valid(), lives, kind, seconds)
	}
	return token
}

// refused wants the library to understand a refusal; any description where none
// is documented.
func (s *systems) refused(t *testing.T, ask func(context.Context) (*oauth2.Token, error), status int, code, description string) {
	t.Helper()
	_, err := ask(s.context(t))
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if refused.Response.StatusCode != status || refused.ErrorCode != code || description != "" && refused.ErrorDescription != description {
		t.Errorf("got %d %s %q, want %d %s %q", refused.Response.StatusCode, refused.ErrorCode, refused.ErrorDescription, status, code, description)
	}
}
