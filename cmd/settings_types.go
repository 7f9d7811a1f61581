package cmd

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Secret is a text that is never printed.
type Secret string

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[redacted]"
}

// GoString keeps %#v from printing it.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps encoders from writing it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// DatabaseURL is sqlite:PATH or postgres://...; it prints without its password.
type DatabaseURL string

const sqliteScheme = "sqlite:"

func (u DatabaseURL) String() string {
	if strings.HasPrefix(string(u), sqliteScheme) {
		return string(u)
	}
	parsed, err := url.Parse(string(u))
	if err != nil || parsed.Host == "" && parsed.User == nil {
		return "[unreadable]"
	}
	query := parsed.Query()
	for _, name := range []string{"password", "sslpassword"} {
		if query.Has(name) {
			query.Set(name, "xxxxx")
		}
	}
	parsed.RawQuery = query.Encode()
	return parsed.Redacted()
}

// GoString keeps %#v from printing the password.
func (u DatabaseURL) GoString() string { return u.String() }

// MarshalText keeps encoders from writing the password.
func (u DatabaseURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// SQLitePath returns the path of the file, and whether the database is SQLite.
func (u DatabaseURL) SQLitePath() (string, bool) {
	return strings.CutPrefix(string(u), sqliteScheme)
}

// password reports whether the URL holds one.
func (u DatabaseURL) password() bool {
	if _, sqlite := u.SQLitePath(); sqlite {
		return false
	}
	parsed, err := url.Parse(string(u))
	if err != nil {
		return true // nothing is known of it
	}
	_, set := parsed.User.Password()
	return set || parsed.Query().Has("password") || parsed.Query().Has("sslpassword")
}

// Proxies are the networks whose X-Forwarded-* headers count.
type Proxies []netip.Prefix

// UnmarshalText reads addresses and networks in CIDR form, separated by commas.
func (p *Proxies) UnmarshalText(text []byte) error {
	*p = nil
	for item := range strings.SplitSeq(string(text), ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		if address, err := netip.ParseAddr(item); err == nil && address.Zone() == "" {
			*p = append(*p, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(item)
		if err != nil {
			return fmt.Errorf("%q is neither an IP address nor a network such as 10.0.0.0/8", item)
		}
		if network != network.Masked() {
			return fmt.Errorf("%q has bits beyond its mask; the network is %s", item, network.Masked())
		}
		*p = append(*p, network)
	}
	return nil
}
