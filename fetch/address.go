package fetch

import "net/netip"

// closed are the networks that are no part of the public internet, or reach
// something else through it (the special-purpose registries of RFC 6890), and
// the address by which one cloud serves its machines' credentials.
var closed = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // behind a carrier's NAT
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("168.63.129.16/32"), // Azure's host
	netip.MustParsePrefix("169.254.0.0/16"),   // link-local, and most clouds' metadata
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/4"), // multicast
	netip.MustParsePrefix("240.0.0.0/4"), // reserved, broadcast
	netip.MustParsePrefix("2001::/23"),   // Teredo, ORCHID, benchmarks
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4 holds an IPv4 address
	netip.MustParsePrefix("3fff::/20"),
}

// Where IPv6 has global unicast addresses, and IPv4 ones of RFC 6052.
var (
	unicast6 = netip.MustParsePrefix("2000::/3")
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
)

// Public reports whether an address belongs to the public internet. An IPv4
// address counts as what it is in each of its IPv6 forms.
func Public(address netip.Addr) bool {
	address = plain(address)
	if !address.IsValid() || address.Zone() != "" {
		return false
	}
	if address.Is6() && !unicast6.Contains(address) {
		return false
	}
	for _, network := range closed {
		if network.Contains(address) {
			return false
		}
	}
	return true
}

// plain returns the IPv4 address that an IPv6 one stands for, if it does.
func plain(address netip.Addr) netip.Addr {
	if nat64.Contains(address) {
		bytes := address.As16()
		return netip.AddrFrom4([4]byte(bytes[12:]))
	}
	return address.Unmap()
}
