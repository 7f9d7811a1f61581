package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const (
	fetchTimeout = 5 * time.Second // for one refresh, all its requests together
	mostBody     = 1 << 20
)

// errNotFound: the issuer answers, and publishes no such document.
var errNotFound = errors.New("status 404")

// answer is a fetched document and how long its sender lets it be used; fresh is
// negative where the sender does not say.
type answer struct {
	body  []byte
	fresh time.Duration
}

// newClient keeps what the caller's client does, except for redirects: the URLs
// that keys come from are the issuer's, not some third party's.
func newClient(given *http.Client) *http.Client {
	client := http.Client{Transport: newTransport()}
	if given != nil {
		client = *given
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// newTransport keeps no connection open: one fetch a minute is not worth a
// goroutine, and then there is nothing to close.
func newTransport() *http.Transport {
	var dialer net.Dialer
	return &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		ForceAttemptHTTP2: true,
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			// http is allowed for these names, so DNS must not decide where they lead.
			if host, port, err := net.SplitHostPort(address); err == nil && isLocalhost(host) {
				address = net.JoinHostPort("localhost", port)
			}
			return dialer.DialContext(ctx, network, address)
		},
	}
}

func fetch(ctx context.Context, client *http.Client, url string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotFound:
		return answer{}, fmt.Errorf("GET %s: %w", url, errNotFound)
	case response.StatusCode != http.StatusOK:
		return answer{}, fmt.Errorf("GET %s: status %d", url, response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, mostBody+1))
	if err != nil {
		return answer{}, fmt.Errorf("GET %s: %w", url, err)
	}
	if len(body) > mostBody {
		return answer{}, fmt.Errorf("GET %s: the body is over %d bytes", url, mostBody)
	}
	return answer{body: body, fresh: freshness(response.Header)}, nil
}

// freshness is RFC 9111 section 4.2 for a private cache that knows max-age only.
func freshness(header http.Header) time.Duration {
	fresh := time.Duration(-1)
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			fresh = seconds(strings.Trim(value, `"`))
		}
	}
	if fresh < 0 {
		return fresh
	}
	return max(0, fresh-seconds(header.Get("Age")))
}

// seconds takes what is no number for 0, and what is beyond 31 bits for their
// greatest (RFC 9111 section 1.2.2).
func seconds(text string) time.Duration {
	n, _ := strconv.ParseUint(text, 10, 31)
	return time.Duration(n) * time.Second
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return isLocalhost(host) || (err == nil && address.IsLoopback())
}

func isLocalhost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
