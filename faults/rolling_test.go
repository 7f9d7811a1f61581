package faults

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// Both nodes are restarted in turn, under constant load by clients that try
// another node only when the connection is refused.
func TestRollingRestartLosesNoRequest(t *testing.T) {
	f := newFleet(t, 2, "", nil)
	c := f.seed()
	for _, n := range f.nodes {
		f.mustBeAnswered(f.balanced(never), c, n)
	}
	keeping, fresh := f.balanced(never), f.balanced(never)
	fresh.transport.DisableKeepAlives = true // each request by a connection of its own
	rate := often(200, 500)
	loads := []*load{startLoad(t, &asker{c, keeping}, rate/2, nil), startLoad(t, &asker{c, fresh}, rate/2, nil)}
	var drains []time.Duration
	for range often(1, 50) {
		for _, n := range f.nodes {
			took, err := n.end(syscall.SIGTERM)
			if err != nil {
				t.Errorf("serve did not end well: %v", err)
			}
			if took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			drains = append(drains, took)
			n.start(t)
			n.mustBeReady(t)
		}
	}
	answers := append(loads[0].finish(), loads[1].finish()...)
	failed := filter(answers, func(a answer) bool { return a.status != http.StatusOK })
	wantNone(t, "requests that failed", failed)
	if keeping.refused.Load() == 0 || fresh.refused.Load() == 0 {
		t.Error("no connection was refused: nothing was shown")
	}
	fault := fmt.Sprintf("SIGTERM to each of 2 nodes in turn, %d times, at %d requests/s", len(drains), rate)
	figure(t, fault, "requests that failed", "%d of %d", len(failed), len(answers))
	figure(t, fault, "from the signal to the end", "%s", spread(drains))
}

// A node that drains still hears of what other nodes change.
func TestDrainingNodeHearsOfChanges(t *testing.T) {
	f := newFleet(t, 2, "", nil)
	c, b := f.seed(), f.balanced(never)
	draining, other := f.nodes[0], f.nodes[1]
	f.mustBeAnswered(b, c, draining)
	ended := make(chan error, 1)
	go func() {
		_, err := draining.end(syscall.SIGTERM)
		ended <- err
	}()
	for draining.status(t.Context(), "/readyz") != http.StatusServiceUnavailable {
		time.Sleep(time.Millisecond)
	}
	if err := f.callAt(other, "PATCH", "tenants/acme/clients/"+c.id, object{"status": "disabled"}, nil); err != nil {
		t.Fatal(err)
	}
	took, err := f.until(b, c, draining, http.StatusUnauthorized, time.Now())
	if err != nil || took > within {
		t.Errorf("a client that was disabled is refused after %s: %v", took, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve did not end well: %v", err)
	}
	figure(t, "a client disabled through node B while node A drains", "refused by node A", "%s later", took.Round(time.Millisecond))
}
