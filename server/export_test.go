package server

import "net/http"

// Seen returns the address and the host that a request is taken to have.
func Seen(config Config, r *http.Request) (address, host string) {
	s := &Server{Config: config}
	return s.clientAddress(r), s.requestHost(r)
}
