//go:build !linux

package cmd

import "net"

// refuseNew closes the listener. A connection that has been made and not been
// accepted at this very moment is reset.
func refuseNew(l net.Listener) ([]net.Conn, error) { return nil, l.Close() }
