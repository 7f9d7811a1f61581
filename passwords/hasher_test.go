package passwords_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/passwords"
)

func TestSlotsAndThoseWhoWaitForThemAreBounded(t *testing.T) {
	h, err := passwords.NewHasher(2, passwords.DefaultCost())
	if err != nil {
		t.Fatal(err)
	}
	var held []*passwords.Slot
	for range 2 {
		s, err := h.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, s)
	}
	gaveUp, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Acquire(gaveUp); !errors.Is(err, context.Canceled) {
		t.Errorf("a third slot: %v", err)
	}
	waiting, stop := context.WithTimeout(t.Context(), 10*time.Second) // who is not sent away is told at last
	var wg sync.WaitGroup
	results := make(chan error, 300)
	for range 100 {
		wg.Go(func() {
			_, err := h.Acquire(waiting, "storm", "place")
			results <- err
		})
	}
	busy := 0
	for range 100 - 34 { // who waits says nothing yet
		if err := <-results; errors.Is(err, passwords.ErrBusy) {
			busy++
		}
	}
	if busy != 66 {
		t.Errorf("%d of 100 were sent away", busy)
	}
	for _, of := range [][]string{{"storm", "another place"}, {"another", "place"}} {
		if _, err := h.Acquire(gaveUp, of...); !errors.Is(err, passwords.ErrBusy) {
			t.Errorf("%v beside the storm: %v", of, err)
		}
	}
	if _, err := h.Acquire(gaveUp, "another", "another place"); !errors.Is(err, context.Canceled) {
		t.Errorf("who has nothing to do with the storm: %v", err)
	}
	for i := range 100 {
		wg.Go(func() {
			_, err := h.Acquire(waiting, fmt.Sprint(i))
			results <- err
		})
	}
	for range 100 - (128 - 34) {
		if err := <-results; !errors.Is(err, passwords.ErrBusy) {
			t.Errorf("who is sent away is answered %v", err)
		}
	}
	stop()
	wg.Wait()
	for _, s := range held {
		s.Release()
		s.Release()
	}
	for range 2 {
		if _, err := h.Acquire(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := h.Acquire(gaveUp); !errors.Is(err, context.Canceled) {
		t.Error("releasing twice made a slot")
	}
}
