package dialects_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Whatever comes to whichever route, it is parameters without a client's proof
// among them, and credentials of a method that there is, or one of our errors.
func FuzzRoutes(f *testing.F) {
	var routes []*dialects.Route
	set := dialects.Builtin()
	for _, spec := range append([]*dialects.Spec{set.Standard()}, set.Others()...) {
		for i := range spec.Routes {
			f.Add(uint8(len(routes)), "application/x-www-form-urlencoded", "grant_type=password&username=a&password=b", "", "", "")
			routes = append(routes, spec.Routes[i])
		}
	}
	f.Add(uint8(1), "application/json", `{"username":"a","password":"b","expirationInSeconds":60}`, "userName=a&password=b", "Basic YTpiOmM=", "Dynamicweb.Extranet=x")
	f.Add(uint8(2), "application/json;charset=x", "\xff", "%zz", "Bearer ,", "a=b; a=c")
	methods := []string{"", oauth.AuthNone, oauth.AuthSecretBasic, oauth.AuthSecretPost, oauth.AuthPrivateKeyJWT, oauth.AuthSecretJWT, oauth.AuthDialect}
	f.Fuzz(func(t *testing.T, which uint8, contentType, body, query, authorization, cookie string) {
		route := routes[int(which)%len(routes)]
		request := &http.Request{Method: route.Method, URL: &url.URL{Path: route.Path, RawQuery: query}, Header: http.Header{}}
		for name, value := range map[string]string{"Content-Type": contentType, "Authorization": authorization, "Cookie": cookie} {
			if value != "" {
				request.Header.Set(name, value)
			}
		}
		got, err := route.Decode(request, []byte(body))
		var known *oauth.Error
		if err != nil && !errors.As(err, &known) {
			t.Fatalf("%s: %v", route.Key(), err)
		}
		if err == nil && !slices.Contains(methods, got.Credentials.Method) {
			t.Fatalf("%s: a client proves itself by %q", route.Key(), got.Credentials.Method)
		}
		for name, value := range got.Params {
			if value == "" || err == nil && (name == "client_secret" || name == "client_assertion") {
				t.Fatalf("%s: the parameter %s is %q", route.Key(), name, value)
			}
		}
		for _, pair := range got.Credentials.Readings {
			if err == nil && !utf8.ValidString(pair.ClientID+pair.Secret) {
				t.Fatalf("%s: the client is %q", route.Key(), pair.ClientID)
			}
		}
	})
}
