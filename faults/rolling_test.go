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
	balancer := f.balanced(never)
	rate := often(150, 500)
	l := startLoad(t, &asker{c, balancer}, rate, nil)
	var drains []time.Duration
	for range often(1, 15) {
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
	answers := l.finish()
	failed := filter(answers, func(a answer) bool { return a.status != http.StatusOK })
	wantNone(t, "requests that failed", failed)
	if balancer.refused.Load() == 0 {
		t.Error("no connection was refused: nothing was shown")
	}
	fault := fmt.Sprintf("SIGTERM to each of 2 nodes in turn, %d times, at %d requests/s", len(drains), rate)
	figure(t, fault, "requests that failed", "%d of %d", len(failed), len(answers))
	figure(t, fault, "from the signal to the end", "%s", spread(drains))
}
