package faults

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// The keys of many tenants are due at once. They are worked off beside the
// tokens: how much longer those take is measured, not judged.
func TestManyTenantsDueAtOnce(t *testing.T) {
	masterKey := keys.GenerateMasterKey()
	f := newFleet(t, 2, "", map[string]string{"MASTER_KEY": masterKey})
	c := f.seed()
	b := f.balanced(never)
	for _, n := range f.nodes {
		f.mustBeAnswered(b, c, n)
	}
	time.Sleep(time.Duration(often(6, 15)) * time.Second) // the tenant's own successor, the pool
	rate := 100
	idle := startLoad(t, &asker{c, b}, rate, nil)
	time.Sleep(time.Duration(often(5, 60)) * time.Second)
	before := idle.finish()

	count := often(12, 1000)
	db := f.openStore()
	f.makeDue(masterKey, count)
	busy := startLoad(t, &asker{c, b}, rate, nil)
	began := time.Now()
	limit := 30*time.Second + time.Duration(count)*3*time.Second
	for {
		due, err := db.DueKeySets(t.Context(), time.Now(), count)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			break
		}
		if time.Since(began) > limit {
			t.Fatalf("%d of %d key sets are still due after %s", len(due), count, limit)
		}
		time.Sleep(100 * time.Millisecond)
	}
	took := time.Since(began)
	during := busy.finish()
	wantNone(t, "requests that failed", append(refusals(before), refusals(during)...))
	if len(during) < rate {
		t.Errorf("%d tokens meanwhile: nothing was shown", len(during))
	}
	calm, loaded := latencies(before), latencies(during)
	fault := fmt.Sprintf("%d tenants due at once, 2 nodes, %d tokens/s", count, rate)
	figure(t, fault, "worked off", "in %s", took.Round(time.Second))
	figure(t, fault, "latency of tokens, nothing due", "p50 %s, p99 %s (%d tokens)", percentile(calm, 0.5), percentile(calm, 0.99), len(calm))
	figure(t, fault, "latency of tokens meanwhile", "p50 %s, p99 %s (%d tokens), p99 %.1f times", percentile(loaded, 0.5), percentile(loaded, 0.99), len(loaded),
		float64(at99(loaded))/float64(at99(calm)))
}

func latencies(answers []answer) []time.Duration {
	var list []time.Duration
	for _, a := range answers {
		if a.status == http.StatusOK {
			list = append(list, a.ended.Sub(a.began))
		}
	}
	slices.Sort(list)
	return list
}

func at99(sorted []time.Duration) time.Duration { return sorted[len(sorted)*99/100] }

// makeDue makes tenants whose keys sign and have no successor, which is due.
func (f *fleet) makeDue(masterKey string, count int) {
	f.t.Helper()
	sealer, db := sealerOf(f.t, masterKey), f.openStore()
	var sets []keys.Set
	for i := range count {
		slug := fmt.Sprintf("due-%d", i)
		f.mustCall("POST", "tenants", object{"slug": slug, "name": slug}, nil)
		id, err := db.TenantIDBySlug(f.t.Context(), slug)
		if err != nil {
			f.t.Fatal(err)
		}
		now := time.Now()
		set, _, err := keys.Ensure(keys.Set{TenantID: id}, []string{keys.RS256}, now, timing(), keystest.NewKey(sealer, id, 0))
		if err != nil {
			f.t.Fatal(err)
		}
		set.DueAt = now.Add(time.Hour)
		if err := db.SaveKeySet(f.t.Context(), set, tenants.AuditEvent{Actor: "test", Action: "key.create"}); err != nil {
			f.t.Fatal(err)
		}
		set.Version, set.DueAt = 1, now
		sets = append(sets, set)
	}
	for _, set := range sets { // all at once
		if err := db.PostponeKeySet(f.t.Context(), set); err != nil {
			f.t.Fatal(err)
		}
	}
}
