package fetch

import (
	"fmt"
	"net/netip"
	"strings"
)

// Allow lists what may be reached although it is not public, at any port:
// networks, and hosts by name. The zero value lists nothing.
type Allow struct {
	networks []netip.Prefix
	hosts    []string
}

// UnmarshalText reads networks in CIDR form, addresses and host names,
// separated by commas. A name stands for itself, *.example.com for every name
// below example.com.
func (a *Allow) UnmarshalText(text []byte) error {
	*a = Allow{}
	for item := range strings.SplitSeq(string(text), ",") {
		if item = strings.ToLower(strings.TrimSpace(item)); item == "" {
			continue
		}
		if address, err := netip.ParseAddr(item); err == nil && address.Zone() == "" {
			a.networks = append(a.networks, netip.PrefixFrom(plain(address), plain(address).BitLen()))
			continue
		}
		if network, err := netip.ParsePrefix(item); err == nil {
			if network.Addr().Is4In6() {
				return fmt.Errorf("%q is an IPv4 network in an IPv6 form; write it as IPv4", item)
			}
			if network != network.Masked() {
				return fmt.Errorf("%q has bits beyond its mask; the network is %s", item, network.Masked())
			}
			a.networks = append(a.networks, network)
			continue
		}
		if !isName(strings.TrimPrefix(item, "*.")) {
			return fmt.Errorf("%q is neither a network such as 10.0.0.0/8 nor a host name", item)
		}
		a.hosts = append(a.hosts, strings.TrimSuffix(item, "."))
	}
	return nil
}

// String lists what is allowed as UnmarshalText reads it.
func (a Allow) String() string {
	var items []string
	for _, network := range a.networks {
		items = append(items, network.String())
	}
	return strings.Join(append(items, a.hosts...), ",")
}

func (a Allow) host(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return within(a.networks, address)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, allowed := range a.hosts {
		parent, below := strings.CutPrefix(allowed, "*")
		if host == allowed || below && strings.HasSuffix(host, parent) && len(host) > len(parent) {
			return true
		}
	}
	return false
}

// isName reports whether text is a host name, in lower case, that no program
// takes for an address: 0177.0.0.1 and 2130706433 are loopback to some.
func isName(text string) bool {
	labels := strings.Split(strings.TrimSuffix(text, "."), ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(text) <= 253 && strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}
