package fetch

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// maxURL bounds a URL in bytes.
const maxURL = 2048

// Check holds a URL to the rules that need no look-up: https, a host that can
// be public or is allowed, port 443 or 8443 unless the host is allowed, no user
// name and no fragment. It asks no name server, which would tell strangers what
// internal names there are. Errors are ErrRefused and say what is wrong.
func (c *Client) Check(text string) error {
	_, err := c.parse(text)
	return err
}

// refusal says what is wrong with a URL that nobody has asked yet.
type refusal string

func (r refusal) Error() string { return string(r) }

func (refusal) Is(target error) bool { return target == ErrRefused }

// byOperator says who may let what is not public be reached.
const byOperator = ": the operator may allow it (GATEHOUSE_FETCH_ALLOW)"

func (c *Client) parse(text string) (*url.URL, error) {
	refuse := func(why string) (*url.URL, error) { return nil, refusal(why) }
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		return refuse("the URL is too long")
	case err != nil || u.Scheme != "https" || u.Hostname() == "":
		return refuse("it must be an absolute https URL")
	case u.User != nil:
		return refuse("a user name in the URL is not allowed")
	case strings.Contains(text, "#"):
		return refuse("a fragment is not allowed")
	}
	host := strings.ToLower(u.Hostname())
	if c.config.Allow.host(host) {
		return u, nil
	}
	if address, err := netip.ParseAddr(host); err == nil {
		if !c.reachable(address) {
			return refuse("the address is not a public one" + byOperator)
		}
	} else if !isName(host) {
		return refuse("the host is neither a name nor an address in its usual form")
	} else if internal(host) {
		return refuse("the host's name is not a public one" + byOperator)
	}
	if port := u.Port(); port != "" && port != "443" && port != "8443" {
		return refuse("the port must be 443 or 8443")
	}
	return u, nil
}

// internal reports whether a name is only known in some network of its own.
func internal(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if !strings.Contains(host, ".") {
		return true
	}
	for _, suffix := range [...]string{".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// reachable reports whether an address may be connected to, whatever led there.
func (c *Client) reachable(address netip.Addr) bool {
	return Public(address) || within(c.config.Allow.networks, address)
}

// dial connects, and decides about the very address that it connects to: what a
// name resolved to before is worth nothing.
func (c *Client) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	trusted := c.config.Allow.host(host)
	dialer := net.Dialer{
		Resolver: c.config.Resolver,
		ControlContext: func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return err
			}
			// No name alone leads to where a cloud's machines get their credentials.
			if c.reachable(to.Addr()) || trusted && !within(credentials[:], to.Addr()) {
				return nil
			}
			return fmt.Errorf("%w: %s is not a public address", ErrRefused, to.Addr())
		},
	}
	return dialer.DialContext(ctx, "tcp", address)
}
