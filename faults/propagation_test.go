package faults

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// What is changed through one node is in force on the other one within a
// second.
func TestRefusalReachesTheOtherNode(t *testing.T) {
	f := newFleet(t, 2, "", nil) // with the times that everyone has
	c := f.seed()
	b := f.balanced(never)
	a, other := f.nodes[0], f.nodes[1]
	rounds := often(8, 100)
	change := func(method, path string, body any) {
		t.Helper()
		if err := f.callAt(a, method, path, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []struct {
		name string
		want int
		do   func(round int) client // returns who is refused then
		undo func()
	}{
		{"client secret revoked", http.StatusUnauthorized, func(round int) client {
			// One that is refused too often would be throttled.
			guest := f.newClient(fmt.Sprintf("guest-%d", round))
			f.mustBeAnswered(b, guest, other)
			var secrets struct{ Items []struct{ ID string } }
			f.mustCall("GET", "tenants/acme/clients/"+guest.id+"/secrets", nil, &secrets)
			change("DELETE", "tenants/acme/clients/"+guest.id+"/secrets/"+secrets.Items[0].ID, nil)
			return guest
		}, func() {}},
		{"client disabled", http.StatusUnauthorized, func(int) client {
			change("PATCH", "tenants/acme/clients/"+c.id, object{"status": "disabled"})
			return c
		}, func() { change("PATCH", "tenants/acme/clients/"+c.id, object{"status": "active"}) }},
		{"tenant suspended", http.StatusForbidden, func(int) client {
			change("PATCH", "tenants/acme", object{"status": "suspended"})
			return c
		}, func() { change("PATCH", "tenants/acme", object{"status": "active"}) }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			var took []time.Duration
			for round := range rounds {
				f.mustBeAnswered(b, c, other)
				who := kind.do(round)
				changed := time.Now()
				if got := (&asker{who, b}).ask(t.Context(), a); got.status != kind.want {
					t.Errorf("the node that made the change: %v", got)
				}
				delay, err := f.until(b, who, other, kind.want, changed)
				if err != nil {
					t.Fatal(err)
				}
				if delay > within {
					t.Errorf("refused after %s", delay)
				}
				took = append(took, delay)
				kind.undo()
			}
			figure(t, "a "+kind.name+" through node A", "refused by node B", "%s", spread(took))
		})
	}
}

// mustBeAnswered waits until the client gets tokens from the node.
func (f *fleet) mustBeAnswered(b *balancer, c client, n *node) {
	f.t.Helper()
	if _, err := f.until(b, c, n, http.StatusOK, time.Now()); err != nil {
		f.t.Fatal(err)
	}
}

// until asks every 20 ms until the answer has that status, and returns how long
// after an instant the request was made that had it.
func (f *fleet) until(b *balancer, c client, n *node, status int, since time.Time) (time.Duration, error) {
	for {
		got := (&asker{c, b}).ask(f.t.Context(), n)
		if got.status == status {
			return max(0, got.began.Sub(since)), nil
		}
		if time.Since(since) > 10*time.Second {
			return 0, fmt.Errorf("no answer %d within 10 s: %v", status, got)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
