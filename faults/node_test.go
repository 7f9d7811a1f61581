package faults

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// node is a place for a `gatehouse serve`: processes come and go there, the
// address and the settings stay.
type node struct {
	address string
	env     []string
	log     lockedBuffer

	mu      sync.Mutex
	process *os.Process
	ended   chan struct{} // closed when the process has ended
	err     error         // how it ended
}

// lockedBuffer keeps what processes print.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// failures returns at most the last n lines that tell of one.
func (b *lockedBuffer) failures(n int) string {
	var found []string
	for line := range strings.Lines(b.String()) {
		told := strings.Contains(line, "error") || !strings.HasPrefix(line, "{")
		if told && !strings.Contains(line, "/readyz") {
			found = append(found, line)
		}
	}
	return strings.Join(found[max(0, len(found)-n):], "")
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts a process. It does not wait for it to be ready.
func (n *node) start(t testing.TB) {
	t.Helper()
	serve := exec.Command(program, "serve")
	serve.Dir = t.TempDir()
	serve.Stdout, serve.Stderr = &n.log, &n.log
	serve.Env = append([]string{"PATH=" + os.Getenv("PATH"), "GATEHOUSE_LISTEN=" + n.address}, n.env...)
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	ended := make(chan struct{})
	n.process, n.ended = serve.Process, ended
	go func() {
		err := serve.Wait()
		n.mu.Lock()
		n.err = err
		n.mu.Unlock()
		close(ended)
	}()
}

// end sends the signal and waits until the process has ended. It returns how
// it did, and after what time.
func (n *node) end(signal syscall.Signal) (time.Duration, error) {
	n.mu.Lock()
	process, ended := n.process, n.ended
	n.mu.Unlock()
	began := time.Now()
	if err := process.Signal(signal); err != nil {
		return 0, err
	}
	<-ended
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Since(began), n.err
}

func (n *node) kill() { _, _ = n.end(syscall.SIGKILL) }

// ready waits until the node says that it is.
func (n *node) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	n.mu.Lock()
	ended := n.ended
	n.mu.Unlock()
	for {
		if n.status(ctx, "/readyz") == http.StatusOK {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("serve at %s ended: %v", n.address, n.err)
		case <-ctx.Done():
			return fmt.Errorf("serve at %s was not ready within 30 s", n.address)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// status asks for a path of the node itself; 0 for no answer.
func (n *node) status(ctx context.Context, path string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.address+path, nil)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

func (n *node) mustBeReady(t testing.TB) {
	t.Helper()
	if err := n.ready(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, n.log.failures(20))
	}
}
