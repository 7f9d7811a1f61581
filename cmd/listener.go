package cmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// listener is one address that the node serves at. It can stop letting clients
// in before the server stops answering: http.Server.Shutdown resets connections
// that wait to be accepted, and drops requests that it reads once it was called.
type listener struct {
	net.Listener
	server   *http.Server
	tls      *tls.Config
	refusing atomic.Bool
	left     chan []net.Conn // connections that nobody had accepted when it began to refuse
	closed   chan struct{}
	once     sync.Once
}

// listenAt listens without MPTCP, whose sockets can hold nobody off.
func listenAt(address string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	return config.Listen(context.Background(), "tcp", address)
}

func newListener(inner net.Listener, server *http.Server, secure *tls.Config) *listener {
	return &listener{Listener: inner, server: server, tls: secure, left: make(chan []net.Conn, 1), closed: make(chan struct{})}
}

func (l *listener) serve() error {
	var inner net.Listener = l
	if l.tls != nil {
		inner = tls.NewListener(inner, l.tls)
	}
	if err := l.server.Serve(inner); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving at %s: %w", l.Addr(), err)
	}
	return nil
}

// Accept waits for the next connection. Once connections are refused it hands
// out those that are left, and then waits for Close.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil || !l.refusing.Load() {
		return conn, err
	}
	select {
	case left := <-l.left:
		if len(left) > 0 {
			l.left <- left[1:]
			return left[0], nil
		}
		<-l.closed
	case <-l.closed:
	}
	return nil, net.ErrClosed
}

// refuse has new connections refused, while the server goes on with those that
// have been made. An error means that one of them may have been reset; without one
// that can happen, too, unless holdOff was called long enough before.
func (l *listener) refuse() error {
	l.refusing.Store(true)
	left, err := refuseNew(l.Listener)
	l.left <- left
	return err
}

// Close ends Accept.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	if err := l.Listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
