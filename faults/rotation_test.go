package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// Keys rotate, by order and by the nodes' own schedule, while nodes are killed.
func TestRotationWhileNodesAreKilled(t *testing.T) {
	for _, nodes := range []int{2, 3} {
		t.Run(fmt.Sprintf("%d nodes", nodes), func(t *testing.T) { rotateAndKill(t, nodes, often(2, 20)) })
	}
}

func rotateAndKill(t *testing.T, nodes, rotations int) {
	f := newFleet(t, nodes, "", shortTimes())
	c := f.seed()
	if got := (&asker{c, f.balanced(never)}).ask(t.Context(), nil); got.status != http.StatusOK {
		t.Fatal(got)
	}
	v, w := newVerifiers(t, f), f.watchKeys()
	balancer := f.balanced(again)
	l := startLoad(t, &asker{c, balancer}, often(50, 100), v)
	kills := 0
	for range rotations {
		kills += f.rotateOnce(w)
	}
	answers := l.finish()
	order := w.finish(t)

	wantNone(t, "tokens that a verifier refused", unverifiable(answers))
	wantNone(t, "requests that failed although they were sent once more", refusals(answers))
	if len(order) < rotations+1 {
		t.Errorf("%d keys signed, want %d", len(order), rotations+1)
	}
	late := outOfOrder(answers, order)
	wantNone(t, "tokens signed by a key whose successor had signed before", late)

	fault := fmt.Sprintf("%d rotations on %d nodes, kill -9 of a random node at a random instant", rotations, nodes)
	figure(t, fault, "tokens checked by go-oidc and verify", "%d, of which %d did not verify", len(answers)-len(refusals(answers)), len(unverifiable(answers)))
	figure(t, fault, "requests that failed", "%d after one retry; %d were sent twice, %d found a node gone", len(refusals(answers)), balancer.resent.Load(), balancer.refused.Load())
	figure(t, fault, "kills", "%d", kills)
	figure(t, fault, "signing keys at any instant", "1 in %d looks; %d keys signed, %d kids, none twice", w.looks, len(order), len(w.keys))
}

// rotateOnce has the next key sign, and kills a node meanwhile. It returns how
// many were killed.
func (f *fleet) rotateOnce(w *watch) (kills int) {
	f.t.Helper()
	before := w.signing()
	victim := f.nodes[rand.IntN(len(f.nodes))]
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		// While the order is carried out, or at any instant until the key signs.
		wait := time.Duration(rand.Int64N(int64(60 * time.Millisecond)))
		if rand.IntN(2) == 0 {
			wait = time.Duration(rand.Int64N(int64(timing().Lead + 500*time.Millisecond)))
		}
		time.Sleep(wait)
		victim.kill()
		kills++
		victim.start(f.t)
	}()
	for f.orderRotation() != nil { // the node that was asked may be the one that dies
		time.Sleep(50 * time.Millisecond)
	}
	deadline := time.Now().Add(3 * timing().Lead)
	for w.signing() == before && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	<-killed
	if w.signing() == before {
		f.t.Errorf("no other key signs %s after the order to rotate", 3*timing().Lead)
	}
	if err := victim.ready(f.t.Context()); err != nil {
		f.t.Error(err)
	}
	return kills
}

// orderRotation gives the order by the admin API or the command line.
func (f *fleet) orderRotation() error {
	if rand.IntN(2) == 0 {
		_, err := f.order("keys", "rotate", "--tenant", "acme")
		return err
	}
	return f.call("POST", "tenants/acme/signing-keys/rotate", object{}, nil)
}

// outOfOrder returns the tokens that a key signed after its successor had: those
// that were asked for after another request had been answered with a token of
// a later key.
func outOfOrder(answers []answer, order []string) (found []answer) {
	place := map[string]int{}
	for i, kid := range order {
		place[kid] = i
	}
	firstEnd := make([]time.Time, len(order)) // of a token by that key or a later one
	for _, a := range answers {
		if a.kid == "" {
			continue
		}
		at, known := place[a.kid]
		if !known {
			a.err = errors.New("signed by a key that was never seen to sign")
			found = append(found, a)
		}
		for i := 0; i <= at; i++ {
			if firstEnd[i].IsZero() || a.ended.Before(firstEnd[i]) {
				firstEnd[i] = a.ended
			}
		}
	}
	for _, a := range answers {
		next := place[a.kid] + 1
		if a.kid != "" && next < len(order) && !firstEnd[next].IsZero() && firstEnd[next].Before(a.began) {
			found = append(found, a)
		}
	}
	return found
}
