package fetch_test

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/gatehouse-auth/gatehouse/fetch"
)

// sink counts the connections that reach it; it is what an attacker wants
// asked. It listens on the loopback, whose certificate clients of it trust.
type sink struct {
	*httptest.Server
	connections atomic.Int64
}

func newSink(t *testing.T, handler http.HandlerFunc) *sink {
	t.Helper()
	s := &sink{Server: httptest.NewUnstartedServer(handler)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *sink) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// port is where the sink listens.
func (s *sink) port() string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return port
}

func allow(t *testing.T, list string) fetch.Allow {
	t.Helper()
	var allow fetch.Allow
	if err := allow.UnmarshalText([]byte(list)); err != nil {
		t.Fatal(err)
	}
	return allow
}

// resolver answers every question for an address with this one.
func resolver(t *testing.T, address string) *net.Resolver {
	t.Helper()
	to := netip.MustParseAddr(address)
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			q := m.Questions[0]
			header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
			switch {
			case q.Type == dnsmessage.TypeA && to.Is4():
				m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: to.As4()}}}
			case q.Type == dnsmessage.TypeAAAA && to.Is6():
				m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: to.As16()}}}
			}
			if packed, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// closedPort listens on the loopback at a port that Check lets through, if it is
// free here, and counts who comes.
func closedPort(t *testing.T) *atomic.Int64 {
	t.Helper()
	var connections atomic.Int64
	listener, err := net.Listen("tcp", "127.0.0.1:8443")
	if err != nil {
		return &connections
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			conn.Close()
		}
	}()
	return &connections
}
