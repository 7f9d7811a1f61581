package server

import (
	"net/http"
	"net/netip"
	"strings"

	"go.uber.org/zap"
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
		if len(r.Header["X-Forwarded-For"]) > 0 {
			s.unheard.Do(func() { s.warnUnheard(r) })
		}
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
		hop, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			break // what is left of it was not written by a proxy of ours
		}
		address = hop
		if !s.trusted(address) {
			break
		}
	}
	return address.String()
}

// parseHop reads an address as proxies write them: also with a port, or in
// brackets.
func parseHop(text string) (netip.Addr, bool) {
	if pair, err := netip.ParseAddrPort(text); err == nil {
		return pair.Addr().Unmap(), true
	}
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		text = strings.TrimSuffix(inner, "]")
	}
	address, err := netip.ParseAddr(text)
	return address.Unmap(), err == nil
}

// warnUnheard tells, once, that somebody says for whom a request is, and is not
// heard: a proxy that was forgotten has all requests come from one address.
func (s *Server) warnUnheard(r *http.Request) {
	s.Log.Warn("a request has X-Forwarded-For, which does not count while trusted_proxies is empty: "+
		"if that is a proxy of yours, name it there, or throttle, log and audit take all that it forwards for one address",
		zap.Stringer("peer", peer(r)))
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
