package faults

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// One process serves an SQLite file; commands work beside it.
func TestSQLiteFileIsServedOnce(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, "sqlite:"+filepath.Join(t.TempDir(), "gatehouse.db"), nil)
	n := f.nodes[0]
	c := f.seed()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	second := &node{address: freeAddress(t), env: f.env}
	second.start(t)
	select {
	case <-second.ended:
	case <-ctx.Done():
		second.kill()
		t.Fatal("a second serve on the file goes on")
	}
	want := fmt.Sprintf("in use: %s.lock is held by process %d since ", strings.TrimPrefix(f.database, "sqlite:"), n.process.Pid)
	if said := second.log.String(); second.err == nil || !strings.Contains(said, want) {
		t.Errorf("a second serve ended with %v and said %q, want %q", second.err, said, want)
	}
	if got := (&asker{c, f.balanced(never)}).ask(t.Context(), n); got.err != nil {
		t.Errorf("the first serve, after the second one: %v", got)
	}

	// A process that was killed leaves the lock file, and no lock.
	n.kill()
	n.start(t)
	n.mustBeReady(t)
	if text, err := os.ReadFile(strings.TrimPrefix(f.database, "sqlite:") + ".lock"); err != nil || !strings.Contains(string(text), fmt.Sprint(n.process.Pid)) {
		t.Errorf("the lock file says %q of process %d (%v)", text, n.process.Pid, err)
	}
}

// What a command changes beside the server is in force there within a second.
func TestCommandsBesideAnSQLiteServer(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, "sqlite:"+filepath.Join(t.TempDir(), "gatehouse.db"), nil)
	n, c, b := f.nodes[0], f.seed(), f.balanced(never)
	var took []time.Duration
	inForce := func(what string, done func() bool) {
		t.Helper()
		since := time.Now()
		for !done() && time.Since(since) < 10*time.Second {
			time.Sleep(20 * time.Millisecond)
		}
		if delay := time.Since(since); delay > within {
			t.Errorf("%s came in force after %s", what, delay)
		}
		took = append(took, time.Since(since))
	}
	status := func(c client, want int) func() bool {
		return func() bool { return (&asker{c, b}).ask(t.Context(), n).status == want }
	}
	kid := func() string { return (&asker{c, b}).ask(t.Context(), n).kid }
	for range often(3, 30) {
		f.mustOrder("clients", "update", "--tenant", "acme", c.id, "--status", "disabled")
		inForce("a disabled client", status(c, http.StatusUnauthorized))
		f.mustOrder("clients", "update", "--tenant", "acme", c.id, "--status", "active")
		inForce("an active client", status(c, http.StatusOK))
		f.mustOrder("tenants", "update", "acme", "--status", "suspended")
		inForce("a suspended tenant", status(c, http.StatusForbidden))
		f.mustOrder("tenants", "update", "acme", "--status", "active")
		inForce("an active tenant", status(c, http.StatusOK))
		leaked := kid()
		f.mustOrder("keys", "revoke", "--tenant", "acme", "--", leaked)
		inForce("a revoked key", func() bool {
			set, err := jwksAt(at(t.Context(), n), b)
			return err == nil && len(set.Key(leaked)) == 0 && !slices.Contains([]string{leaked, ""}, kid())
		})
	}
	figure(t, "a command beside a server on SQLite", "in force", "%s", spread(took))
}
