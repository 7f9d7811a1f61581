package fetch

import (
	"net/netip"
	"slices"
)

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

// credentials are where clouds serve their machines' credentials.
var credentials = [...]netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"), // link-local: most clouds
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba
	netip.MustParsePrefix("168.63.129.16/32"),   // Azure
	netip.MustParsePrefix("192.0.0.192/32"),     // Oracle
	netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"),
	netip.MustParsePrefix("fd00:ec2::/32"),    // AWS: instances, pods
	netip.MustParsePrefix("fd20:ce::254/128"), // Google
	netip.MustParsePrefix("fd00:42::42/128"),  // Scaleway
}

// Where IPv6 has global unicast addresses, and IPv4 ones of RFC 6052.
var (
	unicast6 = netip.MustParsePrefix("2000::/3")
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
)

// Public reports whether an address belongs to the public internet. An IPv4
// address counts as what it is in each of its IPv6 forms.
func Public(address netip.Addr) bool {
	if !address.IsValid() || address.Zone() != "" {
		return false
	}
	address = plain(address)
	if address.Is6() && !unicast6.Contains(address) {
		return false
	}
	return !within(closed[:], address)
}

// within reports whether one of the networks holds an address.
func within(networks []netip.Prefix, address netip.Addr) bool {
	address = plain(address)
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
}

// plain returns the IPv4 address that an IPv6 one stands for, if it does, and no
// zone, with which an address is in no network.
func plain(address netip.Addr) netip.Addr {
	address = address.WithZone("")
	if nat64.Contains(address) {
		bytes := address.As16()
		return netip.AddrFrom4([4]byte(bytes[12:]))
	}
	return address.Unmap()
}
