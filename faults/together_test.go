package faults

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// Two nodes rotate the same keys at the same moment, again and again: in turn
// the ordinary way, where one of them publishes and the other finds that done,
// and at once, where both promote. ES256 keys take no time to make, so that the
// two meet as closely as can be.
func TestNodesThatRotateAtTheSameMoment(t *testing.T) {
	f := newFleet(t, 2, "", shortTimes())
	c := f.seed()
	f.mustCall("PATCH", "tenants/acme", object{"signing_alg": "ES256"}, nil)
	a := &asker{c, f.balanced(never)}
	if got := a.ask(t.Context(), nil); got.err != nil {
		t.Fatal(got)
	}
	w := f.watchKeys()
	const rounds = 100
	promotions := 0
	for round := range rounds {
		order := object{"immediately": round%2 == 1, "force": round%2 == 1}
		for _, err := range f.atBoth(func(n *node) error {
			return f.callAt(n, "POST", "tenants/acme/signing-keys/rotate", order, nil)
		}) {
			if err != nil {
				t.Errorf("round %d: %v", round, err)
			} else if round%2 == 1 {
				promotions++
			}
		}
		if got := a.ask(t.Context(), nil); got.err != nil {
			t.Errorf("round %d: %v", round, got)
		}
	}
	set, err := w.db.KeySet(t.Context(), w.tenant)
	if err != nil {
		t.Fatal(err)
	}
	w.finish(t)
	// Each promotion uses up one key, and each leaves one to follow.
	if want := promotions + 2; len(set.Keys) != want {
		t.Errorf("%d keys after %d promotions, want %d", len(set.Keys), promotions, want)
	}
	if next := waiting(set); next != 1 {
		t.Errorf("%d keys wait to sign, want 1", next)
	}
	figure(t, "two nodes ordered to rotate at the same moment, x100", "signing keys at any instant", "1 in %d looks", w.looks)
	figure(t, "two nodes ordered to rotate at the same moment, x100", "keys", "%d after %d promotions: each counted once, no kid used twice", len(set.Keys), promotions)
}

// atBoth has two nodes do something at the same moment.
func (f *fleet) atBoth(do func(*node) error) [2]error {
	var wg sync.WaitGroup
	var errs [2]error
	start := make(chan struct{})
	for i, n := range f.nodes[:2] {
		wg.Go(func() {
			<-start
			errs[i] = do(n)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func waiting(set keys.Set) (count int) {
	for i := range set.Keys {
		if set.Keys[i].State(time.Now()) == keys.Next {
			count++
		}
	}
	return count
}

// The schedulers of two nodes tend the same keys at the same moment, each time
// that something is due: the clocks are set forward from one rotation to the
// next.
func TestSchedulersThatTendAtTheSameMoment(t *testing.T) {
	h := newSkewed(t, storetest.URL(t), 720*time.Hour, 24*time.Hour, 0, 0)
	tenantID := h.seed(keys.ES256)
	const rounds = 100
	changes, kids := 0, map[string]bool{}
	for round := range rounds {
		var wg sync.WaitGroup
		changed := make([]bool, len(h.nodes))
		start := make(chan struct{})
		for i, n := range h.nodes {
			wg.Go(func() {
				<-start
				var err error
				if changed[i], err = n.admin.TendKeys(context.Background(), tenantID); err != nil {
					t.Error(errors.Join(errors.New("tending"), err))
				}
			})
		}
		close(start)
		wg.Wait()
		for _, did := range changed {
			if did {
				changes++
			}
		}
		set, err := h.nodes[0].db.KeySet(t.Context(), tenantID)
		if err != nil {
			t.Fatal(err)
		}
		now := h.clock.now()
		next := keys.Successor(set, keys.ES256, now)
		if next == nil || next.ActiveAt.Equal(keys.Never()) {
			t.Fatalf("round %d: no successor is planned", round)
		}
		for at := now; at.Before(next.ActiveAt.Add(time.Hour)); at = at.Add(h.timing.Period / 20) {
			if active := signing(set, at); len(active) != 1 {
				t.Errorf("round %d: at %s sign %v", round, at, active)
			}
		}
		for _, key := range set.Keys {
			kids[key.Kid] = true
		}
		h.clock.set(next.ActiveAt.Add(time.Second))
	}
	if len(kids) != rounds+1 {
		t.Errorf("%d kids in %d rotations, want one more", len(kids), rounds)
	}
	figure(t, "two schedulers tending at the same moment, x100", "kids", "%d for %d rotations; of 200 calls %d changed the keys", len(kids), rounds, changes)
}

func signing(set keys.Set, now time.Time) (kids []string) {
	for i := range set.Keys {
		if set.Keys[i].State(now) == keys.Active {
			kids = append(kids, set.Keys[i].Kid)
		}
	}
	return kids
}
