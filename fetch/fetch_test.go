package fetch_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/gatehouse-auth/gatehouse/fetch"
)

// A proxy of the environment would make the check of addresses void: with this
// one, which nobody listens at, every test would fail that reaches a name.
func TestMain(m *testing.M) {
	os.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	os.Exit(m.Run())
}

// Class I: what a URL itself gives away is refused before anything is asked.
func TestClassIURLsThatAreRefused(t *testing.T) {
	s := newSink(t, func(http.ResponseWriter, *http.Request) {})
	c := fetch.New(fetch.Config{Roots: s.roots()})
	for _, url := range []string{
		"", "jwks", "//example.com/jwks", "http://example.com/", "file:///etc/passwd", "ftp://example.com/", "https:example.com", "https://", "https:///x",
		"https://user@example.com/", "https://example.com/#x", "https://example.com/#", "https://example.com:22/", "https://example.com:0/", "https://example.com:65536/",
		"https://127.0.0.1:" + s.port() + "/", "https://127.0.0.1/", "https://[::1]/", "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/", "https://[::]/",
		"https://169.254.169.254/latest/", "https://10.1.2.3/", "https://[fe80::1%25eth0]/", "https://[64:ff9b::7f00:1]/",
		"https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://0x7f.0.0.1/", "https://1.2.3.4.5/",
		"https://localhost/", "https://LOCALHOST./", "https://x.localhost/", "https://intranet/", "https://printer.local/", "https://metadata.google.internal/",
		"https://ex ample.com/", "https://example.com%00/", "https://exämple.com/", "https://example..com/",
		"https://" + strings.Repeat("x", 64) + ".example/", "https://" + strings.Repeat("x.", 126) + "ex/",
		"https://example.com/" + strings.Repeat("x", 2048),
	} {
		if err := c.Check(url); !errors.Is(err, fetch.ErrRefused) {
			t.Errorf("Check(%q) = %v", url, err)
		}
		if _, err := c.Do(t.Context(), fetch.Request{URL: url}); !errors.Is(err, fetch.ErrRefused) {
			t.Errorf("Do(%q) = %v", url, err)
		}
	}
	if n := s.connections.Load(); n != 0 {
		t.Errorf("the sink received %d connections", n)
	}
	for _, url := range []string{"https://example.com", "https://example.com:443/a?b=c", "https://EXAMPLE.com:8443/", "https://1.1.1.1/", "https://[2606:4700::1111]/", "https://a-b.example.com./", "https://" + strings.Repeat("x", 63) + ".example/", "https://" + strings.Repeat("x.", 126) + "e/"} {
		if err := c.Check(url); err != nil {
			t.Errorf("Check(%q) = %v", url, err)
		}
	}
}

// Class I: a public name that leads to an address which is not public, as after
// DNS rebinding, is refused when the connection is made.
func TestClassINamesThatResolveToClosedAddresses(t *testing.T) {
	connections := closedPort(t)
	ask := func(address, allowed string) error {
		c := fetch.New(fetch.Config{Resolver: resolver(t, address), Allow: allow(t, allowed)})
		_, err := c.Do(t.Context(), fetch.Request{URL: "https://rebound.example.com:8443/"})
		return err
	}
	for _, address := range []string{"127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "100.100.100.200"} {
		if err := ask(address, ""); !errors.Is(err, fetch.ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
	// A name that the operator trusts leads everywhere but to a cloud's metadata.
	metadata := []string{"169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192"}
	if nettest.SupportsIPv6() {
		metadata = append(metadata, "64:ff9b::a9fe:a9fe", "fe80::a9fe:a9fe", "fd00:c1::a9fe:a9fe", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42")
	}
	for _, address := range metadata {
		if err := ask(address, "rebound.example.com"); !errors.Is(err, fetch.ErrRefused) {
			t.Errorf("%s by an allowed name: %v", address, err)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("the sink received %d connections", n)
	}
	// Where the address itself is allowed, any name may lead there, whether somebody listens or not.
	if err := ask("127.0.0.1", "127.0.0.0/8"); err == nil || errors.Is(err, fetch.ErrRefused) {
		t.Errorf("an allowed address by a name: %v", err)
	}
}

func TestAllowedAddressesAndNamesAreReached(t *testing.T) {
	s := newSink(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("sent %v", r.Header)
		}
		w.Header().Set("Cache-Control", "public, max-age=120")
		_, _ = w.Write([]byte("hello"))
	})
	for _, test := range []struct{ allow, url string }{
		{"127.0.0.0/8", "https://127.0.0.1:" + s.port()},
		{"example.com", "https://example.com:" + s.port()},
		{"*.com", "https://EXAMPLE.com:" + s.port()},
	} {
		c := fetch.New(fetch.Config{Roots: s.roots(), Allow: allow(t, test.allow), Resolver: resolver(t, "127.0.0.1")})
		body, fresh, err := c.Get(t.Context(), test.url)
		if err != nil || string(body) != "hello" || fresh != 2*time.Minute {
			t.Errorf("%s: %q, %v, %v", test.allow, body, fresh, err)
		}
	}
}

// Class I: redirects, stalls, floods and bombs.
func TestClassIHostileAnswers(t *testing.T) {
	target := newSink(t, func(http.ResponseWriter, *http.Request) {})
	stalled := make(chan struct{})
	s := newSink(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, target.URL, http.StatusFound)
		case "/stall":
			<-stalled
		case "/drip":
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-stalled
		case "/flood":
			for range 200 {
				if _, err := w.Write(make([]byte, 256<<10)); err != nil {
					return
				}
			}
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 10<<20))
			_ = z.Close()
		case "/plain":
			w.Header().Set("Content-Encoding", "Identity")
			_, _ = w.Write([]byte("hello"))
		case "/header":
			w.Header().Set("X-Large", strings.Repeat("x", 64<<10))
		case "/exact":
			_, _ = w.Write(make([]byte, 256<<10))
		}
	})
	t.Cleanup(func() { close(stalled) })
	roots := s.roots()
	roots.AddCert(target.Certificate())
	quick := fetch.New(fetch.Config{Roots: roots, Allow: allow(t, "127.0.0.1"), Timeout: 50 * time.Millisecond})
	c := fetch.New(fetch.Config{Roots: roots, Allow: allow(t, "127.0.0.1")})
	for path, client := range map[string]*fetch.Client{"/redirect": c, "/stall": quick, "/drip": quick, "/flood": c, "/bomb": c, "/header": c} {
		if body, _, err := client.Get(t.Context(), s.URL+path); err == nil {
			t.Errorf("%s: %d bytes", path, len(body))
		}
	}
	if n := target.connections.Load(); n != 0 {
		t.Errorf("the target of the redirect received %d connections", n)
	}
	if body, _, err := c.Get(t.Context(), s.URL+"/exact"); err != nil || len(body) != 256<<10 {
		t.Errorf("a body of just the limit: %d bytes, %v", len(body), err)
	}
	if body, _, err := c.Get(t.Context(), s.URL+"/plain"); err != nil || string(body) != "hello" {
		t.Errorf("what is said to be sent as it is: %q, %v", body, err)
	}
	if err := quickly(t, c); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who gave up got %v", err)
	}
}

func quickly(t *testing.T, c *fetch.Client) error {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Do(ctx, fetch.Request{URL: "https://127.0.0.1:1/"})
	return err
}

func TestCertificatesAreChecked(t *testing.T) {
	s := newSink(t, func(http.ResponseWriter, *http.Request) {})
	c := fetch.New(fetch.Config{Allow: allow(t, "127.0.0.1")})
	var unknown *tls.CertificateVerificationError
	if _, _, err := c.Get(t.Context(), s.URL); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}

func TestPostSendsTheBodyAndReturnsEveryStatus(t *testing.T) {
	s := newSink(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(r.Method + " " + r.Header.Get("Content-Type") + " " + string(body)))
	})
	var allow fetch.Allow
	if err := allow.UnmarshalText([]byte("127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	c := fetch.New(fetch.Config{Allow: allow, Roots: s.roots()})
	status, answer, err := c.Post(t.Context(), s.URL, "application/jwt", []byte("signed"))
	if err != nil || status != http.StatusForbidden || string(answer) != "POST application/jwt signed" {
		t.Errorf("%d %s, %v", status, answer, err)
	}
	if _, _, err := fetch.New(fetch.Config{Roots: s.roots()}).Post(t.Context(), s.URL, "application/jwt", nil); !errors.Is(err, fetch.ErrRefused) {
		t.Errorf("to the loopback: %v", err)
	}
}
