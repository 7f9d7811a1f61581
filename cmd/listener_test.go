package cmd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// Clients that are connected when a node refuses further ones are answered:
// those that nobody had accepted, and those that send their request late.
func TestRefusingClientsLosesNone(t *testing.T) {
	inner, err := listenAt("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(inner, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })}, nil)
	var clients []net.Conn
	for range 20 { // they wait in the kernel: nobody accepts yet
		conn, err := net.DialTimeout("tcp", l.Addr().String(), 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		clients = append(clients, conn)
	}
	if err := holdOff(inner); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.DialTimeout("tcp", l.Addr().String(), 200*time.Millisecond); !isTimeout(err) {
		t.Errorf("a client that is held off got %v %v, want no answer", conn, err)
	}
	if err := l.refuse(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.DialTimeout("tcp", l.Addr().String(), 5*time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new client got %v %v, want a refusal", conn, err)
	}
	served := make(chan error, 1)
	go func() { served <- l.serve() }()
	for i, conn := range clients {
		if answer := request(conn); answer != "ok" {
			t.Errorf("client %d got %q", i, answer)
		}
	}
	if err := l.server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

func isTimeout(err error) bool {
	var failed net.Error
	return errors.As(err, &failed) && failed.Timeout()
}

func request(conn net.Conn) string {
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		return err.Error()
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func TestListenerThatRefusesNobodyEndsWithItsServer(t *testing.T) {
	inner, err := listenAt("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(inner, &http.Server{Handler: http.NotFoundHandler()}, nil)
	served := make(chan error, 1)
	go func() { served <- l.serve() }()
	if conn, err := net.DialTimeout("tcp", l.Addr().String(), 5*time.Second); err != nil || request(conn) == "" {
		t.Errorf("no answer: %v", err)
	}
	if err := l.server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("serve ended with %v", err)
	}
}
