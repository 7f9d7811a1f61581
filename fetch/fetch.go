// Package fetch sends HTTPS requests to addresses that strangers name: a
// client's jwks_uri, the endpoint of a tenant. It reaches public addresses only,
// unless the operator allows others, checks that when it connects, and bounds
// time and size. It follows no redirects, uses no proxy and keeps no
// connection. It never knows what the answers mean.
package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Limits of a request unless Config says otherwise.
const (
	DefaultTimeout = 3 * time.Second
	DefaultLimit   = 256 << 10
	maxHeader      = 16 << 10
)

// ErrRefused means that the URL, or the address that its host resolved to, may
// not be reached from here.
var ErrRefused = errors.New("refused")

// Config is what an operator decides. Its zero value is what a server wants.
type Config struct {
	Allow    Allow          // reached although they are not public
	Timeout  time.Duration  // for everything from the name to the last byte; 0: DefaultTimeout
	Limit    int64          // bytes of a body; 0: DefaultLimit
	Roots    *x509.CertPool // nil: the system's
	Resolver *net.Resolver  // nil: the system's
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	config    Config
	transport *http.Transport
}

// New makes a Client.
func New(config Config) *Client {
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	if config.Limit == 0 {
		config.Limit = DefaultLimit
	}
	c := &Client{config: config}
	c.transport = &http.Transport{
		DialContext:            c.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: config.Roots},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
	return c
}

// Request is what is sent.
type Request struct {
	Method string // empty: GET
	URL    string
	Header http.Header
	Body   []byte
}

// Answer is what came back, whatever its status is; a redirect is one too.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request and reads the whole answer. Errors are ErrRefused, those
// of the network, and those of an answer that is too large, too slow or
// compressed. They hold no more of the URL than its host.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	u, err := c.parse(r.URL)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: the URL cannot be asked", ErrRefused)
	}
	for name, values := range r.Header {
		request.Header[name] = values
	}
	request.Header.Set("Accept-Encoding", "identity")
	request.Header.Set("User-Agent", "gatehouse")
	// The transport alone knows neither redirects nor cookies.
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", u.Host, err)
	}
	defer response.Body.Close()
	return c.read(u.Host, response)
}

func (c *Client) read(host string, response *http.Response) (*Answer, error) {
	encoding := response.Header.Get("Content-Encoding")
	if encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, fmt.Errorf("asking %s: the answer is compressed", host)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, c.config.Limit+1))
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", host, err)
	}
	if int64(len(body)) > c.config.Limit {
		return nil, fmt.Errorf("asking %s: the answer is larger than %d bytes", host, c.config.Limit)
	}
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// Post sends a body and returns what came back, whatever the status is.
func (c *Client) Post(ctx context.Context, url, contentType string, body []byte) (status int, answer []byte, err error) {
	header := http.Header{"Content-Type": {contentType}, "Accept": {"application/json"}}
	got, err := c.Do(ctx, Request{Method: http.MethodPost, URL: url, Header: header, Body: body})
	if err != nil {
		return 0, nil, err
	}
	return got.Status, got.Body, nil
}

// Get returns the body of a 200 answer, and how long it may be kept: 0 where
// its sender forbids that, negative where it does not say.
func (c *Client) Get(ctx context.Context, url string) (body []byte, fresh time.Duration, err error) {
	answer, err := c.Do(ctx, Request{URL: url, Header: http.Header{"Accept": {"application/json"}}})
	if err != nil {
		return nil, 0, err
	}
	if answer.Status != http.StatusOK {
		return nil, 0, fmt.Errorf("the answer has status %d", answer.Status)
	}
	return answer.Body, freshness(answer.Header), nil
}
