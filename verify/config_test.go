package verify_test

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/verify"
)

func TestNewNamesTheSettingThatIsWrong(t *testing.T) {
	const issuer = "https://auth.example.com/t/acme"
	for name, test := range map[string]struct {
		change func(*verify.Config)
		want   string
	}{
		"no issuers":          {func(c *verify.Config) { c.Issuers = nil }, "Issuers"},
		"no audiences":        {func(c *verify.Config) { c.Audiences = nil }, "Audiences"},
		"empty audience":      {func(c *verify.Config) { c.Audiences = []string{""} }, "Audiences"},
		"plain http":          {func(c *verify.Config) { c.Issuers = []string{"http://auth.example.com"} }, "must be https"},
		"http, alike host":    {func(c *verify.Config) { c.Issuers = []string{"http://localhost.evil.example"} }, "must be https"},
		"http, alike address": {func(c *verify.Config) { c.Issuers = []string{"http://127.0.0.1.evil.example"} }, "must be https"},
		"http, an address":    {func(c *verify.Config) { c.Issuers = []string{"http://192.0.2.1"} }, "must be https"},
		"relative":            {func(c *verify.Config) { c.Issuers = []string{"auth.example.com"} }, "absolute"},
		"user information":    {func(c *verify.Config) { c.Issuers = []string{"https://a@auth.example.com"} }, "user information"},
		"query":               {func(c *verify.Config) { c.Issuers = []string{issuer + "?"} }, "query"},
		"fragment":            {func(c *verify.Config) { c.Issuers = []string{issuer + "#x"} }, "fragment"},
		"other scheme":        {func(c *verify.Config) { c.Issuers = []string{"file://localhost/etc"} }, "must be https"},
		"symmetric algorithm": {func(c *verify.Config) { c.Algorithms = []string{"HS256"} }, "HS256"},
		"none":                {func(c *verify.Config) { c.Algorithms = []string{"none"} }, "none"},
		"leeway":              {func(c *verify.Config) { c.Leeway = time.Hour }, "Leeway"},
		"keys' age":           {func(c *verify.Config) { c.KeysMaxAge = time.Second }, "KeysMaxAge"},
		"schedule's age":      {func(c *verify.Config) { c.ScheduleMaxAge = time.Second }, "ScheduleMaxAge"},
		"kept too short":      {func(c *verify.Config) { c.KeepKeys = time.Minute }, "KeepKeys"},
	} {
		config := verify.Config{Issuers: []string{issuer}, Audiences: []string{audience}}
		test.change(&config)
		if _, err := verify.New(config); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, good := range []verify.Config{
		{Issuers: []string{issuer}},
		{Issuers: []string{"http://localhost:8080", "http://acme.localhost:8080/t/a", "http://127.0.0.1:1", "http://[::1]:1"}},
		{Issuers: []string{"http://auth.internal"}, AllowHTTP: true},
		{Issuers: []string{issuer}, Leeway: -1, KeysMaxAge: 48 * time.Hour},
	} {
		good.Audiences = []string{audience}
		if _, err := verify.New(good); err != nil {
			t.Error(err)
		}
	}
}

func TestANegativeLeewayIsNone(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	v, err := verify.New(verify.Config{Issuers: []string{issuer.URL}, Audiences: []string{audience}, Leeway: -1, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	check(t, v, issuer.token(t), nil)
	clock.Advance(15*time.Minute - time.Nanosecond)
	check(t, v, issuer.token(t), nil)
	clock.Advance(time.Nanosecond)
	check(t, v, issuer.token(t), verify.ErrInvalidToken)
}

// TestLocalhostNamesLeadToLoopback, whatever DNS says of them: http is allowed
// there.
func TestLocalhostNamesLeadToLoopback(t *testing.T) {
	issuer := rsaIssuer(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(issuer.URL, "http://"))
	name := "http://acme.localhost:" + port
	issuer.publish(discoveryPath, func(w http.ResponseWriter, r *http.Request) {
		if !r.Close {
			t.Error("the connection stays open")
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": name, "jwks_uri": name + keysPath})
	})
	v, err := verify.New(verify.Config{Issuers: []string{name}, Audiences: []string{audience}, Now: newClock().Now})
	if err != nil {
		t.Fatal(err)
	}
	check(t, v, issuer.token(t, set("iss", name)), nil)
}

// TestOtherHostsAreNotSoughtAtTheLoopback: nobody listens at this one's port.
func TestOtherHostsAreNotSoughtAtTheLoopback(t *testing.T) {
	issuer := rsaIssuer(t)
	name := strings.Replace(issuer.URL, "127.0.0.1", "127.0.0.2", 1)
	issuer.publishJSON(discoveryPath, map[string]any{"issuer": name, "jwks_uri": name + keysPath})
	v, err := verify.New(verify.Config{Issuers: []string{name}, Audiences: []string{audience}, Now: newClock().Now})
	if err != nil {
		t.Fatal(err)
	}
	check(t, v, issuer.token(t, set("iss", name)), verify.ErrUnavailable)
}

// TestAnInjectedClientIsUsed and left as it is, by the system's clock.
func TestAnInjectedClientIsUsed(t *testing.T) {
	issuer := rsaIssuer(t)
	var asked atomic.Int64
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked.Add(1)
		return http.DefaultTransport.RoundTrip(r)
	})}
	v, err := verify.New(verify.Config{Issuers: []string{issuer.URL}, Audiences: []string{audience}, Client: client})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	check(t, v, issuer.token(t, set("iat", now), set("nbf", now), set("exp", now+60)), nil)
	if n := asked.Load(); n != 3 || client.CheckRedirect != nil {
		t.Errorf("asked %d times", n)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
