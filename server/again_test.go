package server_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

const jwksPath = "/t/acme/.well-known/jwks.json"

// document asks the shared host for a public document and returns the answer
// with its body.
func (h *house) document(path, etag string) (*http.Response, string) {
	h.t.Helper()
	return h.documentOf("gatehouse.example", path, etag)
}

func (h *house) documentOf(host, path, etag string) (*http.Response, string) {
	h.t.Helper()
	request, err := http.NewRequest(http.MethodGet, h.http.URL+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Host = host
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	response, err := h.http.Client().Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return response, string(body)
}

// What is given again is what was given, but for the id of the request, and it
// is counted.
func TestDocumentIsGivenAgainAsItWas(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	for _, path := range []string{jwksPath, "/t/acme/.well-known/openid-configuration", "/t/acme/.well-known/key-schedule.json"} {
		first, body := h.document(path, "")
		second, again := h.document(path, "")
		if body == "" || again != body {
			t.Errorf("%s: %q, then %q", path, body, again)
		}
		if one, other := first.Header.Get("X-Request-Id"), second.Header.Get("X-Request-Id"); one == other || len(one) != len(other) {
			t.Errorf("%s: the requests' ids are %q and %q", path, one, other)
		}
		for _, header := range []http.Header{first.Header, second.Header} {
			header.Del("X-Request-Id")
			header.Del("Date")
		}
		if !maps.EqualFunc(first.Header, second.Header, slices.Equal) {
			t.Errorf("%s: headers %v, then %v", path, first.Header, second.Header)
		}
		tag := first.Header.Get("Etag")
		for _, has := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			if same, body := h.document(path, has); same.StatusCode != http.StatusNotModified || body != "" || same.Header.Get("Etag") != tag {
				t.Errorf("%s: who has %s is answered %s %q %v", path, has, same.Status, body, same.Header)
			}
		}
		if other, _ := h.document(path, `"other"`); other.StatusCode != http.StatusOK {
			t.Errorf("%s: what the client has no more is answered %s", path, other.Status)
		}
		h.clock.Advance(time.Second) // after which nothing is given again
		if same, body := h.document(path, tag); same.StatusCode != http.StatusNotModified || body != "" || same.Header.Get("Etag") != tag {
			t.Errorf("%s: who has what is made anew is answered %s %q %v", path, same.Status, body, same.Header)
		}
	}
	if response, _ := h.do(http.MethodPost, jwksPath, "", "", ""); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered %s", response.Status)
	}
	metrics := httptest.NewRecorder()
	h.metrics.Handler().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`gatehouse_http_request_seconds_count{route="/t/:slug/.well-known/jwks.json",status="200"} 3`,
		`gatehouse_http_request_seconds_count{route="/t/:slug/.well-known/jwks.json",status="304"} 5`,
	} {
		if !strings.Contains(metrics.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// Nothing is given again after a change, after a moment, or to who asks for
// another tenant's.
func TestDocumentIsGivenAgainOnlyWhileItIsTrue(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	_, one := h.document(jwksPath, "")
	h.admin("POST", "tenants/acme/signing-keys/rotate", `{}`)
	response, two := h.document(jwksPath, "")
	if strings.Count(one, `"kid"`) != 1 || strings.Count(two, `"kid"`) != 2 {
		t.Fatalf("before the rotation %s, after it %s", one, two)
	}
	if same, _ := h.document(jwksPath, response.Header.Get("Etag")); same.StatusCode != http.StatusNotModified {
		t.Errorf("what has not changed is answered %s", same.Status)
	}
	h.admin("POST", "tenants", `{"slug":"other","name":"Other","hosts":["other.example"]}`)
	h.document(jwksPath, "")
	if _, others := h.document("/t/other/.well-known/jwks.json", ""); others == two {
		t.Error("another tenant's keys were given by path")
	}
	const metadata = "/.well-known/openid-configuration"
	h.documentOf("other.example", metadata, "")
	if response, _ := h.documentOf("gatehouse.example", metadata, ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("another host's metadata is answered %s", response.Status)
	}
	_, before := h.document("/t/acme/.well-known/key-schedule.json", "")
	h.clock.Advance(time.Hour * 24 * 300)
	if _, after := h.document("/t/acme/.well-known/key-schedule.json", ""); after == before {
		t.Error("the key schedule does not follow the clock")
	}
	h.poll()
	h.document(jwksPath, "")
	h.admin("PATCH", "tenants/acme", `{"status":"suspended"}`)
	if response, _ := h.document(jwksPath, ""); response.StatusCode != http.StatusForbidden {
		t.Errorf("a suspended tenant's keys are answered %s", response.Status)
	}
}

// A node that is about to stop sends its clients elsewhere.
func TestDrainingNodeGivesNothingAgain(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	h.document(jwksPath, "")
	close(h.draining)
	if response, _ := h.document(jwksPath, ""); !response.Close {
		t.Error("the client may stay")
	}
}

// On level debug every request is in the log.
func TestDebugLogHasWhatIsGivenAgain(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	core, logs := observer.New(zapcore.DebugLevel)
	h.server.Log = zap.New(core)
	h.http.Config.Handler = h.server.Handler()
	for range 3 {
		h.document(jwksPath, "")
	}
	if n := logs.FilterField(zap.String("route", "/t/:slug/.well-known/jwks.json")).Len(); n != 3 {
		t.Errorf("%d of 3 requests are in the log", n)
	}
}
