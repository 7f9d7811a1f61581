package server_test

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/fetch"
)

// outlet is by what a house asks others. It reaches public addresses, of which
// tests have none, until a test lets it reach more.
type outlet struct{ through atomic.Pointer[way] }

// way leads to a sink, whatever is asked for.
type way struct {
	client *fetch.Client
	url    string
}

func (o *outlet) Get(ctx context.Context, url string) ([]byte, time.Duration, error) {
	if way := o.through.Load(); way != nil {
		return way.client.Get(ctx, way.url)
	}
	return o.blocked().Get(ctx, url)
}

// Post is how endpoints of tenants are asked.
func (o *outlet) Post(ctx context.Context, url, contentType string, body []byte) (int, []byte, error) {
	if way := o.through.Load(); way != nil {
		return way.client.Post(ctx, way.url, contentType, body)
	}
	return o.blocked().Post(ctx, url, contentType, body)
}

func (o *outlet) blocked() *fetch.Client {
	noNames := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }}
	return fetch.New(fetch.Config{Resolver: noNames})
}

// sink is an HTTPS server on the loopback that counts who connects.
type sink struct {
	*httptest.Server
	connections atomic.Int64
	requests    atomic.Int64
	body        atomic.Value // string
	status      atomic.Int64
	asked       atomic.Value // string: the body of the last request
}

func newSink(t testing.TB) *sink {
	t.Helper()
	s := &sink{}
	s.body.Store(`{"keys":[]}`)
	s.status.Store(http.StatusOK)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		asked, _ := io.ReadAll(r.Body)
		s.asked.Store(string(asked))
		w.WriteHeader(int(s.status.Load()))
		_, _ = w.Write([]byte(s.body.Load().(string)))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// allow lets the outlet reach the sink, as an operator does, in place of every
// other host.
func (o *outlet) allow(t testing.TB, s *sink) {
	t.Helper()
	var allow fetch.Allow
	if err := allow.UnmarshalText([]byte("127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	o.through.Store(&way{fetch.New(fetch.Config{Allow: allow, Roots: roots}), s.URL})
}
