package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// newSealer makes a Sealer of the master keys that ParseMasterKeys reads.
func newSealer(t *testing.T, text string) *keys.Sealer {
	t.Helper()
	list, err := keys.ParseMasterKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := keys.NewSealer(list...)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

// sealed makes tenants whose peppers the sealer seals, and in each a client whose
// secret it seals.
func sealed(t *testing.T, db *store.DB, sealer *keys.Sealer, slugs ...string) {
	t.Helper()
	settings, err := load(t, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	service := newAdmin(settings, &url.URL{Scheme: "http", Host: "localhost"}, db, sealer, keys.NewPeppers(db, sealer), nil, nil)
	for _, slug := range slugs {
		if _, err := service.CreateTenant(t.Context(), actor(), admin.NewTenant{Slug: slug, Name: slug}); err != nil {
			t.Fatal(err)
		}
		client := admin.NewClient{ID: "signs"}
		client.Name, client.AuthMethod = "Signs", oauth.AuthSecretJWT
		if _, err := service.CreateClient(t.Context(), actor(), slug, client); err != nil {
			t.Fatal(err)
		}
	}
}

// A rotation that is stopped goes on where it was, and ends with everything
// sealed by the new master key.
func TestRewrappingGoesOnAfterAStop(t *testing.T) {
	db := storetest.Open(t)
	first, second := keys.GenerateMasterKey(), keys.GenerateMasterKey()
	sealed(t, db, newSealer(t, first), "a", "b", "c")
	both := newSealer(t, second+","+first)

	rows, err := db.SealedNotBy(t.Context(), both.ID(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rewrapRow(t.Context(), db, both, rows[0]); err != nil { // then the process died
		t.Fatal(err)
	}
	if changed, err := rewrapRow(t.Context(), db, both, rows[0]); changed || err != nil {
		t.Errorf("what another process wrapped already: changed %v, %v", changed, err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if done, err := rewrapAll(stopped, db, both, func(int64, int64) {}); done != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %d, %v", done, err)
	}
	var told [2]int64
	done, err := rewrapAll(t.Context(), db, both, func(done, total int64) { told = [2]int64{done, total} })
	if done != 5 || told != [2]int64{5, 5} || err != nil {
		t.Errorf("wrapped %d anew, told %v, %v", done, told, err)
	}
	if err := checkMasterKey(t.Context(), db, newSealer(t, second)); err != nil {
		t.Error(err)
	}
	tenant, err := db.Tenant(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	client, err := db.Client(t.Context(), tenant.ID, "signs")
	if err != nil {
		t.Fatal(err)
	}
	secret := client.Secrets[0]
	if text, err := newSealer(t, second).OpenClientSecret(secret.Sealed, tenant.ID, "signs", secret.ID); err != nil || !admin.ValidSecret(string(text)) {
		t.Errorf("a client's secret: %v", err)
	}
	if err := checkMasterKey(t.Context(), db, newSealer(t, first)); !errors.Is(err, keys.ErrWrongMasterKey) {
		t.Errorf("the withdrawn key: %v", err)
	}
}

// Two nodes may do it at once: neither fails, and each row is wrapped anew by one
// of them. Each waits after its first batch until the other has had one too.
func TestTwoNodesRewrapAtOnce(t *testing.T) {
	one, other := storetest.OpenPair(t)
	first, second := keys.GenerateMasterKey(), keys.GenerateMasterKey()
	slugs := make([]string, rewrapBatch)
	for i := range slugs {
		slugs[i] = fmt.Sprintf("t%d", i)
	}
	sealed(t, one, newSealer(t, first), slugs...)
	both := newSealer(t, second+","+first)

	var nodes, begun sync.WaitGroup
	var done [2]int64
	begun.Add(2)
	for i, db := range []*store.DB{one, other} {
		nodes.Go(func() {
			meet := sync.OnceFunc(func() { begun.Done(); begun.Wait() })
			defer meet()
			var err error
			if done[i], err = rewrapAll(t.Context(), db, both, func(int64, int64) { meet() }); err != nil {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
	total := done[0] + done[1]
	if total != int64(2*len(slugs)) {
		t.Errorf("%v of %d wrapped anew", done, 2*len(slugs))
	}
	// Everything opens with the new key alone: it can be wrapped by a third one.
	third := newSealer(t, keys.GenerateMasterKey()+","+second)
	if done, err := rewrapAll(t.Context(), one, third, func(int64, int64) {}); done != total || err != nil {
		t.Errorf("with the new master key alone: %d of %d, %v", done, total, err)
	}
}

// Without the old master key nothing can be wrapped anew, and nothing is lost.
func TestRewrappingNeedsTheOldKey(t *testing.T) {
	db := storetest.Open(t)
	first := newSealer(t, keys.GenerateMasterKey())
	sealed(t, db, first, "a")
	done, err := rewrapAll(t.Context(), db, newSealer(t, keys.GenerateMasterKey()), func(int64, int64) {})
	if done != 0 || !errors.Is(err, keys.ErrWrongMasterKey) {
		t.Errorf("got %d, %v", done, err)
	}
	if err := checkMasterKey(t.Context(), db, first); err != nil {
		t.Error(err)
	}
}
