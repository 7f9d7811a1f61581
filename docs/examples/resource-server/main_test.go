package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const audience = "https://api.acme.example"

// newIssuer publishes a key as Gatehouse does, and returns what issues tokens of
// it that carry the given scope.
func newIssuer(t *testing.T) (url string, issue func(scope string) string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	publish := func(path string, document any) {
		mux.HandleFunc("GET /.well-known/"+path, func(w http.ResponseWriter, _ *http.Request) { answer(w, document) })
	}
	publish("openid-configuration", map[string]any{"issuer": server.URL, "jwks_uri": server.URL + "/.well-known/jwks.json"})
	publish("jwks.json", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	publish("key-schedule.json", map[string]any{"issuer": server.URL, "keys": []any{}, "revoked": []any{}})

	return server.URL, func(scope string) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}},
			(&jose.SignerOptions{}).WithType("at+jwt"))
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().Unix()
		payload, _ := json.Marshal(map[string]any{
			"iss": server.URL, "sub": "erp", "client_id": "erp", "aud": audience, "scope": scope,
			"iat": now, "nbf": now, "exp": now + 900, "jti": "j1",
		})
		jws, err := signer.Sign(payload)
		if err != nil {
			t.Fatal(err)
		}
		token, _ := jws.CompactSerialize()
		return token
	}
}

func get(t *testing.T, url, token string) (status int, body string) {
	t.Helper()
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(raw))
}

func TestTheExampleServesWhomItShould(t *testing.T) {
	issuer, issue := newIssuer(t)
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	env := map[string]string{"ISSUER": "https://other.example," + issuer, "AUDIENCE": audience}
	go func() {
		ended <- run(ctx, []string{"-listen", "127.0.0.1:0"}, func(name string) string { return env[name] }, writer)
	}()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	base := strings.TrimSpace(strings.TrimPrefix(line, "listening on "))

	for _, test := range []struct {
		path, token string
		status      int
		contains    string
	}{
		{"/catalogue", "", 200, `"reader":"anonymous"`},
		{"/catalogue", issue(""), 200, `"reader":"erp"`},
		{"/catalogue", "x.y.z", 401, `"error":"invalid_token"`},
		{"/orders", "", 401, "a bearer token is required"},
		{"/orders", issue("other"), 403, `"error":"insufficient_scope"`},
		{"/orders", issue("other data"), 200, `"subject":"erp"`},
	} {
		status, body := get(t, base+test.path, test.token)
		if status != test.status || !strings.Contains(body, test.contains) {
			t.Errorf("%s: %d %s, want %d with %s", test.path, status, body, test.status, test.contains)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheExampleNamesTheSettingThatIsMissing(t *testing.T) {
	err := run(t.Context(), nil, func(string) string { return "" }, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "Audiences") {
		t.Error(err)
	}
}
