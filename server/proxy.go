package server

import (
	"net/http"
	"net/netip"
	"strings"
)

// trusted reports whether the address is that of a configured proxy.
func (s *Server) trusted(address netip.Addr) bool {
	for _, prefix := range s.TrustedProxies {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// clientAddress returns the address that a request comes from: the peer's, or,
// behind trusted proxies, the nearest one in X-Forwarded-For that is none.
func (s *Server) clientAddress(r *http.Request) string {
	if len(s.TrustedProxies) == 0 {
		host, _, _ := strings.Cut(r.RemoteAddr, "]:")
		if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasPrefix(host, "[") {
			host = host[:i]
		}
		return strings.TrimPrefix(host, "[")
	}
	address := peer(r)
	if !s.trusted(address) {
		return address.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break // what is left of it was not written by a proxy of ours
		}
		address = hop.Unmap()
		if !s.trusted(address) {
			break
		}
	}
	return address.String()
}

// requestHost returns the host that the client asked for. X-Forwarded-Host
// counts only from a trusted proxy; of several values the last one, which is
// that proxy's own.
func (s *Server) requestHost(r *http.Request) string {
	if len(s.TrustedProxies) > 0 && s.trusted(peer(r)) {
		values := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Host"), ","), ",")
		if host := strings.TrimSpace(values[len(values)-1]); host != "" {
			return host
		}
	}
	return r.Host
}

func peer(r *http.Request) netip.Addr {
	parsed, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return parsed.Addr().Unmap()
}
