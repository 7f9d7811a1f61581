package verify_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/verify"
)

// whoami answers with the verified subject, or "anonymous".
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	name := "anonymous"
	if token, ok := verify.FromContext(r.Context()); ok {
		name = token.Subject
	}
	_, _ = fmt.Fprint(w, name)
})

func serve(handler http.Handler, target string, authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

const realm = `Bearer realm="` + audience + `"`

func TestMiddlewareAnswersAsRFC6750Says(t *testing.T) {
	issuer := rsaIssuer(t)
	v := newVerifier(t, newClock().Now, issuer)
	good := issuer.token(t)
	expired := issuer.token(t, set("exp", start.Unix()-3600))
	const (
		malformed = `400 {"error":"invalid_request","error_description":"the Authorization header is malformed"} ` +
			realm + `, error="invalid_request", error_description="the Authorization header is malformed"`
		inQuery = `400 {"error":"invalid_request","error_description":"a token in the query is refused"} ` +
			realm + `, error="invalid_request", error_description="a token in the query is refused"`
		several = `400 {"error":"invalid_request","error_description":"more than one Authorization header"} ` +
			realm + `, error="invalid_request", error_description="more than one Authorization header"`
		none       = `401 {"error_description":"a bearer token is required"} ` + realm
		notCompact = `401 {"error":"invalid_token","error_description":"the token is not a JWS in compact serialization"} ` +
			realm + `, error="invalid_token", error_description="the token is not a JWS in compact serialization"`
		isExpired = `401 {"error":"invalid_token","error_description":"the token has expired"} ` +
			realm + `, error="invalid_token", error_description="the token has expired"`
		lacking = `403 {"error":"insufficient_scope","error_description":"the token lacks a scope"} ` +
			realm + `, error="insufficient_scope", error_description="the token lacks a scope", scope="data write"`
	)
	required, scoped, wide, optional := v.Require()(whoami), v.Require("data", "read")(whoami), v.Require("data", "write")(whoami), v.Optional()(whoami)
	for _, test := range []struct {
		name    string
		handler http.Handler
		target  string
		header  []string
		want    string
	}{
		{"required", required, "/", []string{"Bearer " + good}, "200 user-1"},
		{"scheme in lower case", required, "/", []string{"bearer " + good}, "200 user-1"},
		{"two spaces", required, "/", []string{"Bearer  " + good}, "200 user-1"},
		{"scopes held", scoped, "/?q=1", []string{"Bearer " + good}, "200 user-1"},
		{"scope lacking", wide, "/", []string{"Bearer " + good}, lacking},
		{"expired before scope", wide, "/", []string{"Bearer " + expired}, isExpired},
		{"no token", required, "/", nil, none},
		{"no token, scopes", scoped, "/", nil, none},
		{"another scheme", required, "/", []string{"Basic eDp5"}, none},
		{"scheme alike", required, "/", []string{"BearerX " + good}, none},
		{"nothing after the scheme", required, "/", []string{"Bearer"}, malformed},
		{"spaces after the scheme", required, "/", []string{"Bearer   "}, malformed},
		{"two tokens", required, "/", []string{"Bearer " + good + " " + good}, malformed},
		{"two credentials", required, "/", []string{"Bearer " + good + ",Basic x"}, malformed},
		{"two headers", required, "/", []string{"Bearer " + good, "Bearer " + good}, several},
		{"two headers, other scheme first", optional, "/", []string{"Basic eDp5", "Bearer " + good}, several},
		{"not a token", required, "/", []string{"Bearer x"}, notCompact},
		{"token in the query", required, "/?access_token=" + good, nil, inQuery},
		{"token in header and query", required, "/?access_token=" + good, []string{"Bearer " + good}, inQuery},
		{"name escaped in the query", required, "/?a=1&access%5Ftoken=" + good, nil, inQuery},
		{"optional, token in the query", optional, "/?access_token=" + good, nil, inQuery},
		{"optional, none", optional, "/", nil, "200 anonymous"},
		{"optional, another scheme", optional, "/", []string{"Basic eDp5"}, "200 anonymous"},
		{"optional, good", optional, "/", []string{"Bearer " + good}, "200 user-1"},
		{"optional, expired", optional, "/", []string{"Bearer " + expired}, isExpired},
		{"optional, malformed", optional, "/", []string{"Bearer"}, malformed},
	} {
		w := serve(test.handler, test.target, test.header...)
		got := strings.TrimSpace(fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()), " ", w.Header().Get("WWW-Authenticate")))
		if got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
		if w.Code != http.StatusOK && (w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store") {
			t.Errorf("%s: headers %v", test.name, w.Header())
		}
	}
}

func TestWithoutKeysTheMiddlewareAnswers503(t *testing.T) {
	issuer := rsaIssuer(t)
	issuer.fail(keysPath)
	v := newVerifier(t, newClock().Now, issuer)
	for _, handler := range []http.Handler{v.Require("data")(whoami), v.Optional()(whoami)} {
		w := serve(handler, "/", "Bearer "+issuer.token(t))
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" || w.Header().Get("WWW-Authenticate") != "" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		want := `{"error":"temporarily_unavailable","error_description":"the issuer's keys cannot be fetched"}`
		if got := strings.TrimSpace(w.Body.String()); got != want {
			t.Errorf("body %s", got)
		}
	}
	if w := serve(v.Optional()(whoami), "/"); w.Code != http.StatusOK {
		t.Errorf("anonymous: %d", w.Code)
	}
}

// TestAnInnerMiddlewareTrustsOnlyItsOwnVerifier and only for the same token.
func TestAnInnerMiddlewareTrustsOnlyItsOwnVerifier(t *testing.T) {
	a, b := rsaIssuer(t), rsaIssuer(t)
	va, vb := newVerifier(t, newClock().Now, a), newVerifier(t, newClock().Now, b)
	good := "Bearer " + a.token(t)
	if w := serve(va.Optional()(va.Require("data")(whoami)), "/", good); w.Code != http.StatusOK {
		t.Errorf("same verifier: %d", w.Code)
	}
	if w := serve(va.Require()(vb.Require()(whoami)), "/", good); w.Code != http.StatusUnauthorized {
		t.Errorf("other verifier: %d", w.Code)
	}
	if w := serve(va.Require()(va.Require("write")(whoami)), "/", good); w.Code != http.StatusForbidden {
		t.Errorf("scope lacking: %d", w.Code)
	}
	swap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Authorization", "Bearer x.y.z")
			next.ServeHTTP(w, r)
		})
	}
	if w := serve(va.Require()(swap(va.Require()(whoami))), "/", good); w.Code != http.StatusUnauthorized {
		t.Errorf("header changed between: %d", w.Code)
	}
	forge := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(verify.NewContext(r.Context(), &verify.Token{Subject: "admin"})))
		})
	}
	if w := serve(forge(va.Require()(whoami)), "/", "Bearer x.y.z"); w.Code != http.StatusUnauthorized {
		t.Errorf("NewContext: %d", w.Code)
	}
}

// TestANestedMiddlewareVerifiesOnce: removing the issuer between shows it.
func TestANestedMiddlewareVerifiesOnce(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	v := newVerifier(t, clock.Now, issuer)
	expire := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			clock.Advance(48 * 60 * 60 * 1e9)
			next.ServeHTTP(w, r)
		})
	}
	if w := serve(v.Require()(expire(v.Require("data")(whoami))), "/", "Bearer "+issuer.token(t)); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRefuseHidesWhatItDoesNotKnow(t *testing.T) {
	v := newVerifier(t, newClock().Now, rsaIssuer(t))
	w := httptest.NewRecorder()
	v.Refuse(w, fmt.Errorf("password is hunter2"))
	if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusInternalServerError || got != `{"error":"server_error"}` {
		t.Errorf("%d %s", w.Code, got)
	}
}

// A handler that decides for itself refuses by the bare error.
func TestRefuseTellsTheBareErrors(t *testing.T) {
	v := newVerifier(t, newClock().Now, rsaIssuer(t))
	for err, want := range map[error]string{
		verify.ErrNoToken:           "401 {} " + realm,
		verify.ErrInvalidToken:      `401 {"error":"invalid_token"} ` + realm + `, error="invalid_token"`,
		verify.ErrInsufficientScope: `403 {"error":"insufficient_scope"} ` + realm + `, error="insufficient_scope"`,
		verify.ErrUnavailable:       `503 {"error":"temporarily_unavailable"} `,
	} {
		w := httptest.NewRecorder()
		v.Refuse(w, err)
		if got := fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()), " ", w.Header().Get("WWW-Authenticate")); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestRequirePanicsOnWhatIsNoScope(t *testing.T) {
	v := newVerifier(t, newClock().Now, rsaIssuer(t))
	for _, scope := range []string{"", "a b", `a"b`, "a\\b", "a\nb", "ä"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q passed", scope)
				}
			}()
			v.Require("data", scope)
		}()
	}
}

func TestNewContextServesHandlerTests(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	whoami(w, r.WithContext(verify.NewContext(r.Context(), &verify.Token{Subject: "alice"})))
	if w.Body.String() != "alice" {
		t.Error(w.Body.String())
	}
}
