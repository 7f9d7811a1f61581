package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// Class G (CVE-2025-47907): a read whose caller gives up in the middle of it never
// answers with the row that another one asked for.
func TestClassGCancelledReadsAnswerWhatWasAsked(t *testing.T) {
	db := storetest.Open(t)
	const many = 8
	ids := make([]string, many)
	for i := range ids {
		ids[i] = newTenant(t, db, fmt.Sprint("t", i)).ID
		createClient(t, db, ids[i], "app")
	}
	began := time.Now()
	for range 8 {
		_, err := db.ClientByID(t.Context(), ids[0], "app")
		must(t, err)
	}
	first := int64(2 * time.Since(began))
	var wait sync.WaitGroup
	answered, cancelled := make([]int, many), make([]int, many)
	for i, tenantID := range ids {
		wait.Go(func() {
			patience := first // longer after each that gave up, shorter after each answer: there are both
			for range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(patience)))
				client, err := db.ClientByID(ctx, tenantID, "app")
				cancel()
				if err != nil {
					cancelled[i]++
					patience *= 2
					continue
				}
				patience = max(1, patience/2)
				if answered[i]++; client.TenantID != tenantID || client.ID != "app" {
					t.Errorf("asked for the client of %s, got that of %s", tenantID, client.TenantID)
				}
			}
		})
	}
	wait.Wait()
	for i := range ids { // whatever happened to the connections
		if client, err := db.ClientByID(t.Context(), ids[i], "app"); err != nil || client.TenantID != ids[i] {
			t.Errorf("afterwards: %+v, %v", client, err)
		}
	}
	if slices.Max(answered) == 0 || slices.Max(cancelled) == 0 {
		t.Errorf("answered %v, cancelled %v: the test would show nothing", answered, cancelled)
	}
}
