package server_test

import (
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gatehouse-auth/gatehouse/server"
)

func TestForwardedAddressesAreReadAsProxiesWriteThem(t *testing.T) {
	config := server.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for forwarded, want := range map[string]string{
		"9.9.9.9":                      "9.9.9.9",
		"9.9.9.9:1234":                 "9.9.9.9",
		"2001:db8::1":                  "2001:db8::1",
		"[2001:db8::1]":                "2001:db8::1",
		"[2001:db8::1]:99":             "2001:db8::1",
		"[::ffff:9.9.9.9]:99":          "9.9.9.9",
		"8.8.8.8, 9.9.9.9:1, 10.1.1.1": "9.9.9.9",
		"9.9.9.9, unknown, 10.1.1.1:7": "10.1.1.1",
		"9.9.9.9:":                     "10.0.0.1",
		"[9.9.9.9":                     "10.0.0.1",
		"unknown":                      "10.0.0.1",
	} {
		request := httptest.NewRequest("GET", "/", nil)
		request.RemoteAddr = "10.0.0.1:5555"
		request.Header.Set("X-Forwarded-For", forwarded)
		if address, _ := server.Seen(config, request); address != want {
			t.Errorf("%s: %s, want %s", forwarded, address, want)
		}
	}
}

// Where no proxy is trusted, a request comes from its peer, whatever it says and
// from whichever port: failures are counted for the address.
func TestPeerIsTheClientWhereNoProxyIsTrusted(t *testing.T) {
	for peer, want := range map[string]string{
		"9.9.9.9:1234":      "9.9.9.9",
		"[2001:db8::1]:99":  "2001:db8::1",
		"[fe80::1%eth0]:99": "fe80::1%eth0",
		"@":                 "@", // of a Unix socket
	} {
		request := httptest.NewRequest("GET", "/", nil)
		request.RemoteAddr = peer
		request.Header.Set("X-Forwarded-Host", "evil.example")
		if address, host := server.Seen(server.Config{}, request); address != want || host != request.Host {
			t.Errorf("%s: %s of %s, want %s", peer, address, host, want)
		}
	}
}

func TestForgottenProxyIsWarnedOfOnce(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	s := server.New(server.Config{PublicURL: &url.URL{}}, server.Parts{Metrics: server.NewMetrics(), Log: zap.New(core)}).Handler()
	request := httptest.NewRequest("GET", "/healthz", nil)
	request.RemoteAddr = "10.0.0.1:5555"
	s.ServeHTTP(httptest.NewRecorder(), request)
	if logs.Len() != 0 {
		t.Errorf("warned of nothing: %v", logs.All())
	}
	request.Header.Set("X-Forwarded-For", "9.9.9.9")
	for range 3 {
		s.ServeHTTP(httptest.NewRecorder(), request)
	}
	if logs.Len() != 1 || !strings.Contains(logs.All()[0].Message, "trusted_proxies") || logs.All()[0].ContextMap()["peer"] != "10.0.0.1" {
		t.Errorf("warned: %v", logs.All())
	}
}

// Forms come from the host that a trusted proxy names, under which browsers know
// the page, and not from the one that the proxy asks for.
func TestFormsComeFromTheHostThatTheProxyNames(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	h.behind = "203.0.113.5"
	form := url.Values{"username": {"ann"}, "password": {"correct horse"}}
	for origin, want := range map[string]int{"http://acme.example": 303, "http://gatehouse.internal": 403} {
		p := &person{house: h, host: "gatehouse.internal"}
		if r := p.send("POST", "/sign-in", form, "X-Forwarded-Host", "acme.example", "Origin", origin); r.StatusCode != want {
			t.Errorf("from %s: %s", origin, r.Status)
		}
	}
}
