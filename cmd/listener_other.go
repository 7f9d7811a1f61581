//go:build !linux

package cmd

import "net"

// holdOff does nothing: elsewhere than on Linux nobody can be held off.
func holdOff(net.Listener) error { return nil }

// refuseNew closes the listener. A connection that has been made and not been
// accepted at this very moment is reset.
func refuseNew(l net.Listener) ([]net.Conn, error) { return nil, l.Close() }
