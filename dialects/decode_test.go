package dialects_test

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

func decode(t testing.TB, target, body string, authorization ...string) (oauth.Params, oauth.Credentials, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, value := range authorization {
		req.Header.Add("Authorization", value)
	}
	q, err := standardToken().Decode(req, []byte(body))
	return q.Params, q.Credentials, err
}

// standardToken returns the token endpoint of the RFCs.
var standardToken = sync.OnceValue(func() *dialects.Route { return dialects.Builtin().Standard().Routes[0] })

func basic(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }

func TestCredentials(t *testing.T) {
	post := func(id, secret string) oauth.Credentials {
		return oauth.Credentials{Method: oauth.AuthSecretPost, Readings: []oauth.Pair{{ClientID: id, Secret: secret}}}
	}
	header := func(readings ...oauth.Pair) oauth.Credentials {
		return oauth.Credentials{Method: oauth.AuthSecretBasic, Readings: readings}
	}
	for _, test := range []struct {
		name, body    string
		authorization []string
		want          oauth.Credentials
		code          oauth.Code
	}{
		{name: "in the body", body: "client_id=a&client_secret=s%2Bt", want: post("a", "s+t")},
		{name: "Basic", authorization: []string{basic("a:s")}, want: header(oauth.Pair{ClientID: "a", Secret: "s"})},
		{name: "Basic, lower-case scheme", authorization: []string{"b" + basic("a:s")[1:]}, want: header(oauth.Pair{ClientID: "a", Secret: "s"})},
		{
			name: "Basic is tried form-decoded, then raw", authorization: []string{basic("106:a+b%2Fc")},
			want: header(oauth.Pair{ClientID: "106", Secret: "a b/c"}, oauth.Pair{ClientID: "106", Secret: "a+b%2Fc"}),
		},
		{name: "Basic that is not form-encoded is raw", authorization: []string{basic("a:50%")}, want: header(oauth.Pair{ClientID: "a", Secret: "50%"})},
		{name: "Basic with a colon in the secret", authorization: []string{basic("a:b:c")}, want: header(oauth.Pair{ClientID: "a", Secret: "b:c"})},
		{name: "Basic and the same client_id", body: "client_id=a", authorization: []string{basic("a:s")}, want: header(oauth.Pair{ClientID: "a", Secret: "s"})},
		{name: "Basic and another client_id", body: "client_id=b", authorization: []string{basic("a:s")}, code: oauth.InvalidRequest},
		{name: "two methods", body: "client_id=a&client_secret=s", authorization: []string{basic("a:s")}, code: oauth.InvalidRequest},
		{name: "two headers", authorization: []string{basic("a:s"), basic("a:s")}, code: oauth.InvalidRequest},
		{name: "another scheme", authorization: []string{"Bearer x"}, code: oauth.InvalidClient},
		{name: "no base64", authorization: []string{"Basic !"}, code: oauth.InvalidClient},
		{name: "no colon", authorization: []string{basic("a")}, code: oauth.InvalidClient},
		{name: "empty secret", authorization: []string{basic("a:")}, code: oauth.InvalidClient},
		{name: "a header of 1 MB", authorization: []string{basic("a:" + strings.Repeat("x", 1<<20))}, code: oauth.InvalidClient},
		{name: "only an id", body: "client_id=a", want: oauth.Credentials{Method: oauth.AuthNone, Readings: []oauth.Pair{{ClientID: "a"}}}},
		{name: "nothing", body: "grant_type=x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			params, got, err := decode(t, "/oauth2/token", test.body, test.authorization...)
			if code := codeOf(err); code != test.code {
				t.Fatalf("got %v, want %q", err, test.code)
			}
			if diff := cmp.Diff(test.want, got); err == nil && diff != "" {
				t.Error(diff)
			}
			if _, left := params["client_secret"]; left {
				t.Error("the secret is left among the parameters")
			}
		})
	}
}

// Only where clients need no proof may a request name none.
func TestNothingIsSentOnlyWherePublicClientsMayAsk(t *testing.T) {
	set, open, closed := dialects.Builtin(), 0, 0
	for _, spec := range append([]*dialects.Spec{set.Standard()}, set.Others()...) {
		for _, route := range spec.Routes {
			send := func(body string) (oauth.Credentials, error) {
				r, err := http.NewRequest(route.Method, route.Path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				q, err := route.Decode(r, []byte(body))
				return q.Credentials, err
			}
			nothing, err := send("grant_type=x")
			named, errNamed := send("grant_type=x&client_id=a")
			if err != nil || errNamed != nil {
				continue
			}
			public := named.Method == oauth.AuthNone
			if public {
				open++
			} else {
				closed++
			}
			if nothing.Nothing() && !public {
				t.Errorf("%s %s: a request that names no client needs no proof, and others do", spec.Name, route.Path)
			}
		}
	}
	if open == 0 || closed == 0 {
		t.Errorf("%d routes are open to public clients, %d are not: nothing is shown", open, closed)
	}
}

func codeOf(err error) oauth.Code {
	if err == nil {
		return ""
	}
	return oauth.AsError(err).Code
}

func TestForm(t *testing.T) {
	var manyParams strings.Builder
	for i := range 100_000 {
		manyParams.WriteString("&" + strconv.Itoa(i))
	}
	for _, test := range []struct {
		name, target, body string
		want               oauth.Params
		code               oauth.Code
	}{
		{name: "values", body: "grant_type=a+b&scope=%C3%A4", want: oauth.Params{"grant_type": "a b", "scope": "ä"}},
		{name: "empty is absent", body: "grant_type=a&scope=&&resource", want: oauth.Params{"grant_type": "a"}},
		{name: "repeated", body: "scope=a&scope=a", code: oauth.InvalidRequest},
		{name: "repeated, one empty", body: "scope=a&scope=", code: oauth.InvalidRequest},
		{name: "repeated in another spelling", body: "scope=a&%73cope=b", code: oauth.InvalidRequest},
		{name: "bad escape", body: "scope=%zz", code: oauth.InvalidRequest},
		{name: "not UTF-8", body: "scope=%ff", code: oauth.InvalidRequest},
		{name: "100,000 parameters", body: manyParams.String(), code: oauth.InvalidRequest},
		{name: "secrets in the URL", target: "/oauth2/token?client_secret=s", body: "grant_type=a", code: oauth.InvalidRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			target := test.target
			if target == "" {
				target = "/oauth2/token"
			}
			got, _, err := decode(t, target, test.body)
			if code := codeOf(err); code != test.code {
				t.Fatalf("got %v, want %q", err, test.code)
			}
			if diff := cmp.Diff(test.want, got); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOnlyFormsAreRead(t *testing.T) {
	for _, contentType := range []string{"", "application/json", "multipart/form-data; boundary=x", "text/plain", ";"} {
		req, err := http.NewRequest(http.MethodPost, "/oauth2/token", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		if _, err := standardToken().Decode(req, []byte("grant_type=a")); codeOf(err) != oauth.InvalidRequest {
			t.Errorf("%q: got %v", contentType, err)
		}
	}
}

func FuzzTokenForm(f *testing.F) {
	f.Add("grant_type=client_credentials&scope=a+b", "")
	f.Add("client_id=a&client_secret=%2B", "Basic YTpi")
	f.Add("a=%&&=&=x&a", "Basic ")
	f.Fuzz(func(t *testing.T, body, authorization string) {
		params, credentials, err := decode(t, "/oauth2/token", body, authorization)
		if err != nil {
			if code := codeOf(err); code != oauth.InvalidRequest && code != oauth.InvalidClient {
				t.Fatalf("unexpected error %v", err)
			}
			return
		}
		for name, value := range params {
			if value == "" || name == "client_secret" {
				t.Fatalf("parameter %q = %q got through", name, value)
			}
		}
		switch credentials.Method {
		case "", oauth.AuthNone, oauth.AuthSecretPost, oauth.AuthSecretBasic:
		default:
			t.Fatalf("method %q out of nowhere", credentials.Method)
		}
	})
}
