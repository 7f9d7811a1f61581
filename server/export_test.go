package server

import "net/http"

// Seen returns the address and the host that a request is taken to have.
func Seen(config Config, r *http.Request) (address, host string) {
	s := &Server{Config: config}
	return s.clientAddress(r), s.requestHost(r)
}

// Holds reports whether an If-None-Match holds an entity tag of ours.
func Holds(ifNoneMatch, etag string) bool { return holds(ifNoneMatch, etag) }
