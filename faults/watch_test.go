package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// watch looks at a tenant's keys in the database all the time, and keeps what
// should never be.
type watch struct {
	mu      sync.Mutex
	db      *store.DB
	tenant  string
	keys    map[string][]byte // by kid, the public key
	order   []string          // the kids in the order in which they were seen to sign
	gone    map[string]bool   // kids that left the set
	looks   int
	faults  []string
	stop    context.CancelFunc
	stopped chan struct{}
}

// openStore opens the fleet's database as one more node would.
func (f *fleet) openStore() *store.DB {
	f.t.Helper()
	db, err := store.Open(f.t.Context(), f.database, store.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { db.Close() })
	return db
}

// watchKeys looks at the keys of the tenant acme, which must have one.
func (f *fleet) watchKeys() *watch {
	f.t.Helper()
	db := f.openStore()
	id, err := db.TenantIDBySlug(f.t.Context(), "acme")
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(f.t.Context()))
	w := &watch{db: db, tenant: id, keys: map[string][]byte{}, gone: map[string]bool{}, stop: stop, stopped: make(chan struct{})}
	w.look(ctx)
	go func() {
		defer close(w.stopped)
		for ctx.Err() == nil {
			w.look(ctx)
			time.Sleep(5 * time.Millisecond)
		}
	}()
	f.t.Cleanup(func() { stop(); <-w.stopped })
	return w
}

// look reads the set once. Its states are asked for at instants before and after
// the read: the set holds at both.
func (w *watch) look(ctx context.Context) {
	before := time.Now()
	set, err := w.db.KeySet(ctx, w.tenant)
	if ctx.Err() != nil || errors.Is(err, tenants.ErrUnavailable) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.faults = append(w.faults, err.Error())
		return
	}
	w.looks++
	for _, now := range []time.Time{before, time.Now()} {
		var active []string
		for i := range set.Keys {
			if set.Keys[i].State(now) == keys.Active {
				active = append(active, set.Keys[i].Kid)
			}
		}
		if len(active) != 1 {
			w.fault(now, "%d keys sign: %v", len(active), active)
		} else if len(w.order) == 0 || w.order[len(w.order)-1] != active[0] {
			w.order = append(w.order, active[0])
		}
	}
	w.remember(set, before)
}

// remember sees to it that a kid stands for one key, forever.
func (w *watch) remember(set keys.Set, now time.Time) {
	here := map[string]bool{}
	for _, key := range set.Keys {
		public, known := w.keys[key.Kid]
		switch {
		case here[key.Kid], known && !bytes.Equal(public, key.Public), w.gone[key.Kid]:
			w.fault(now, "kid %s is used again", key.Kid)
		}
		here[key.Kid], w.keys[key.Kid] = true, key.Public
	}
	for kid := range w.keys {
		w.gone[kid] = !here[kid]
	}
}

func (w *watch) fault(at time.Time, format string, args ...any) {
	w.faults = append(w.faults, at.Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// signing returns the kid that signs by what was last read.
func (w *watch) signing() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.order) == 0 {
		return ""
	}
	return w.order[len(w.order)-1]
}

// finish ends the watch, fails the test for what it saw, and returns the kids in
// the order in which they signed.
func (w *watch) finish(t *testing.T) []string {
	t.Helper()
	w.stop()
	<-w.stopped
	for _, fault := range w.faults[:min(len(w.faults), 10)] {
		t.Error(fault)
	}
	seen := map[string]bool{}
	for _, kid := range w.order {
		if seen[kid] {
			t.Errorf("kid %s signed, then another one, then it again: %v", kid, w.order)
		}
		seen[kid] = true
	}
	return w.order
}
