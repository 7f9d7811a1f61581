package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestEveryChangeIsAuditedAndPublished(t *testing.T) {
	db := storetest.Open(t)
	var told []feed.Event
	db.Subscribe(func(e feed.Event) { told = append(told, e) })
	acme := newTenant(t, db, "acme")
	api := createAPI(t, db, acme.ID, "aud", false)
	client := createClient(t, db, acme.ID, "erp")
	secret := tenants.Secret{ID: id(t), TenantID: acme.ID, ClientID: "erp", Hash: []byte{1}}
	must(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")))
	must(t, db.UpdateAPI(t.Context(), api, audit("api.update")))
	must(t, db.UpdateClient(t.Context(), client, audit("client.update")))
	must(t, db.AddSecret(t.Context(), &secret, audit("secret.add")))
	must(t, db.RevokeSecret(t.Context(), acme.ID, "erp", secret.ID, audit("secret.revoke")))
	must(t, db.SaveKeySet(t.Context(), newSet(acme.ID, 0, "k"), audit("keys.rotate")))
	must(t, db.DeleteAPI(t.Context(), acme.ID, "aud", 0, audit("api.delete")))
	must(t, db.DeleteClient(t.Context(), acme.ID, "erp", 0, audit("client.delete")))
	must(t, db.DeleteTenant(t.Context(), acme.ID, 0, audit("tenant.delete")))

	want := []struct {
		action string
		kind   feed.Kind
		key    string
	}{
		{"tenant.create", feed.Tenant, acme.ID},
		{"api.create", feed.API, "aud"},
		{"client.create", feed.Client, "erp"},
		{"tenant.update", feed.Tenant, acme.ID},
		{"api.update", feed.API, "aud"},
		{"client.update", feed.Client, "erp"},
		{"secret.add", feed.Client, "erp"},
		{"secret.revoke", feed.Client, "erp"},
		{"keys.rotate", feed.Keys, ""},
		{"api.delete", feed.API, "aud"},
		{"client.delete", feed.Client, "erp"},
		{"", feed.Revocation, ""}, // with which its tokens end
		{"tenant.delete", feed.Tenant, acme.ID},
	}
	events, err := db.EventsAfter(t.Context(), 0, 100)
	must(t, err)
	history, err := db.AuditEvents(t.Context(), acme.ID, admin.Range{}, time.Time{})
	must(t, err)
	if diff := cmp.Diff(told, events); diff != "" {
		t.Errorf("subscribers were told otherwise: %s", diff)
	}
	if len(events) != len(want) || len(history) != len(want)-1 {
		t.Fatalf("%d events and %d audit events for %d changes", len(events), len(history), len(want)-1)
	}
	for i, w := range want {
		if w.kind == feed.Revocation {
			w.key = events[i].Key // of which another test tells
		}
		if diff := cmp.Diff(feed.Event{N: int64(i + 1), TenantID: acme.ID, Kind: w.kind, Key: w.key}, events[i]); diff != "" {
			t.Error(diff)
		}
		if w.action == "" {
			continue
		}
		if got := history[len(history)-1].Action; got != w.action {
			t.Errorf("audit event %d is %s, want %s", i, got, w.action)
		}
		history = history[:len(history)-1]
	}
}

func TestRefusedChangeLeavesNoTrace(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme", "acme.example")
	told := 0
	db.Subscribe(func(feed.Event) { told++ })
	late := audit("tenant.create")
	late.ID = id(t)
	fresh := tenants.Tenant{ID: id(t), Slug: "fresh", Issuer: "i", Hosts: []string{"acme.example"}}
	wantErr(t, db.CreateTenant(t.Context(), &fresh, keys.SealedPepper{Sealed: []byte("p")}, late), tenants.ErrExists)
	fresh.Hosts = nil
	must(t, db.CreateTenant(t.Context(), &fresh, keys.SealedPepper{Sealed: []byte("p")}, late))
	// A change whose audit event cannot be written is not made.
	acme.Name = "other"
	wantErr(t, db.UpdateTenant(t.Context(), acme, late), tenants.ErrExists)
	got, err := db.TenantByID(t.Context(), acme.ID)
	must(t, err)
	if got.Name == "other" || got.Version != 1 {
		t.Error("a change was made without its audit event")
	}
	if n, err := db.LastEvent(t.Context()); err != nil || n != 2 {
		t.Errorf("the feed counts %d changes, %v", n, err)
	}
	if told != 1 {
		t.Errorf("subscribers were told of %d changes", told)
	}
	history, err := db.AuditEvents(t.Context(), acme.ID, admin.Range{}, time.Time{})
	must(t, err)
	if len(history) != 1 {
		t.Errorf("audit events are %+v", history)
	}
}

func TestFollowerMissesNothingWhileNodesWrite(t *testing.T) {
	a, b, reader := storetest.OpenThree(t)
	const writers, changes = 8, 25
	owners := make([]*tenants.Tenant, writers)
	for i := range owners {
		owners[i] = newTenant(t, a, fmt.Sprintf("t%d", i))
	}
	last, err := a.LastEvent(t.Context())
	must(t, err)
	var seen []int64
	resets := 0
	follower := feed.NewFollower(reader, time.Second, time.Now,
		func(e feed.Event) { seen = append(seen, e.N) }, func() { resets++ })
	must(t, follower.Poll(t.Context()))
	var wait sync.WaitGroup
	for i, owner := range owners {
		node := []*store.DB{a, b}[i%2]
		wait.Go(func() {
			for j := range changes {
				client := tenants.Client{TenantID: owner.ID, ID: fmt.Sprint(j)}
				if err := node.CreateClient(t.Context(), &client, audit("client.create")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done, finish := context.WithCancel(t.Context())
	go func() { wait.Wait(); finish() }()
	for done.Err() == nil {
		must(t, follower.Poll(t.Context()))
	}
	must(t, follower.Poll(t.Context()))
	if resets != 1 {
		t.Errorf("the feed broke off %d times", resets-1)
	}
	if len(seen) != writers*changes {
		t.Fatalf("the follower saw %d of %d changes", len(seen), writers*changes)
	}
	for i, n := range seen {
		if n != last+int64(i)+1 {
			t.Fatalf("event %d came as number %d", n, i)
		}
	}
}

func TestPurgedFeedKeepsCounting(t *testing.T) {
	url := storetest.URL(t)
	now := instant
	db := storetest.OpenURL(t, url, store.Options{Now: func() time.Time { return now }})
	for i := range 3 {
		newTenant(t, db, fmt.Sprintf("t%d", i))
		now = now.Add(time.Hour)
	}
	deleted, err := db.PurgeFeed(t.Context(), instant.Add(time.Hour))
	must(t, err)
	if deleted != 1 {
		t.Errorf("%d events were purged", deleted)
	}
	events, err := db.EventsAfter(t.Context(), 0, 1)
	must(t, err)
	if len(events) != 1 || events[0].N != 2 {
		t.Errorf("left are %+v", events)
	}
	deleted, err = db.PurgeFeed(t.Context(), now)
	must(t, err)
	if deleted != 2 {
		t.Errorf("%d events were purged", deleted)
	}
	newTenant(t, db, "t3")
	if n, err := db.LastEvent(t.Context()); err != nil || n != 4 {
		t.Errorf("the next event is %d, %v", n, err)
	}
}
