package admin_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func (h *house) keys(slug string) []admin.SigningKey {
	h.t.Helper()
	var all []admin.SigningKey
	for query := (admin.Query{Size: 200}); ; {
		page, err := h.SigningKeys(h.t.Context(), operator(), slug, query)
		wantNone(h.t, err)
		all = append(all, page.Items...)
		if query.PageToken = page.NextPageToken; query.PageToken == "" {
			return all
		}
	}
}

func states(list []admin.SigningKey) (all []string) {
	for _, key := range list {
		all = append(all, string(key.State))
	}
	return all
}

func TestNodesAtOnceMakeOneFirstKey(t *testing.T) {
	one, two := storetest.OpenPair(t)
	a, b := openHouse(t, one), openHouse(t, two)
	acme := a.signing("acme", "ES256")
	var running sync.WaitGroup
	errs := make(chan error, 8)
	for i := range cap(errs) {
		running.Go(func() {
			h := []*house{a, b}[i%2]
			errs <- h.EnsureKey(t.Context(), acme.ID, "ES256")
		})
	}
	running.Wait()
	for range cap(errs) {
		wantNone(t, <-errs)
	}
	wantList(t, states(b.keys("acme")), "active")
}

// The other node comes between this one's reading and its writing.
func TestWhoComesSecondPlansAnew(t *testing.T) {
	one, two := storetest.OpenPair(t)
	a, b := openHouse(t, one), openHouse(t, two)
	acme := a.signing("acme", "ES256")
	a.making = func() { wantNone(t, b.EnsureKey(t.Context(), acme.ID, "ES256")) }
	wantNone(t, a.EnsureKey(t.Context(), acme.ID, "ES256"))
	wantList(t, states(a.keys("acme")), "active")
	made := 0
	a.making = func() {
		if made++; made == 1 {
			_, err := b.RotateKey(t.Context(), operator(), "acme", admin.RotationOrder{Alg: "ES256"})
			wantNone(t, err)
		}
	}
	changed, err := a.TendKeys(t.Context(), acme.ID)
	wantNone(t, err)
	if changed || made != 1 {
		t.Errorf("changed %v, made %d keys", changed, made)
	}
	wantList(t, states(a.keys("acme")), "active", "next")
}

func TestEnsureKeyPublishesASecondAlgorithmFirst(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "RS256"))
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "ES256"))
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "ES256"))
	list := h.keys("acme")
	wantList(t, states(list), "active", "next")
	if list[0].Alg != "RS256" || list[0].Bits != 2048 || list[1].Alg != "ES256" {
		t.Errorf("got %+v", list)
	}
	if next := list[1].NextEvent; next == nil || next.Name != "signs" || !next.At.Equal(*list[1].ActiveAt) {
		t.Errorf("next event %+v", next)
	}
}

func TestRotationIsGuarded(t *testing.T) {
	h := newHouse(t)
	acme := h.signing("acme", "ES256")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "ES256"))
	order := admin.RotationOrder{Alg: "ES256", Immediately: true}
	_, err := h.RotateKey(t.Context(), operator(), "acme", order)
	wantError(t, err, admin.CodeTooEarly, "")
	earliest, _ := err.(*admin.Error).Details["earliest"].(time.Time)
	if want := h.now.Add(timing().Propagation()); !earliest.Equal(want) {
		t.Fatalf("earliest %v, want %v", earliest, want)
	}
	wantList(t, states(h.keys("acme")), "active", "next") // it was published all the same
	if e := h.events("acme")[0]; e.Action != "key.publish" || e.Details["ordered"] != "key.rotate" || e.Details["refused"] == nil || len(e.Details) != 2 {
		t.Errorf("the refused order is recorded as %+v", e)
	}
	h.now = earliest.Add(-time.Microsecond)
	_, err = h.RotateKey(t.Context(), operator(), "acme", order)
	wantError(t, err, admin.CodeTooEarly, "")
	h.now = earliest
	page, err := h.RotateKey(t.Context(), operator(), "acme", order)
	wantNone(t, err)
	wantList(t, states(page.Items), "retiring", "active", "next")
	order.Force = true
	page, err = h.RotateKey(t.Context(), operator(), "acme", order)
	wantNone(t, err)
	wantList(t, states(page.Items), "retiring", "retiring", "active", "next")
	if e := h.events("acme")[0]; e.Action != "key.rotate" || e.Details["force"] != true || e.Actor != "cli:test" {
		t.Errorf("recorded as %+v", e)
	}
	_, err = h.RotateKey(t.Context(), operator(), "acme", admin.RotationOrder{Force: true})
	wantError(t, err, admin.CodeInvalid, "force")
	_, err = h.RotateKey(t.Context(), operator(), "acme", admin.RotationOrder{Alg: "HS256"})
	wantError(t, err, admin.CodeInvalid, "alg", "RS256")
}

// A key is in no JWKS while it is being made, which may take long: its instants are
// those at which it is stored.
func TestKeysThatAreMadeSlowlyArePublishedWhenTheyAreStored(t *testing.T) {
	h := newHouse(t)
	acme := h.signing("acme", "ES256")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "ES256"))
	h.making = func() { h.now = h.now.Add(time.Minute) }
	page, err := h.RotateKey(t.Context(), operator(), "acme", admin.RotationOrder{})
	wantNone(t, err)
	if next := page.Items[len(page.Items)-1]; next.State != keys.Next || !next.PublishedAt.Equal(h.now) {
		t.Errorf("%s is published at %s, stored at %s", next.State, next.PublishedAt, h.now)
	}
}

// Verifiers fetch all keys of a JWKS: orders do not make it longer and longer.
func TestRotationsAddKeysUpToABound(t *testing.T) {
	h := newHouse(t)
	h.now = h.now.Add(time.Millisecond)
	acme := h.signing("acme", "ES256")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "ES256"))
	order := admin.RotationOrder{Alg: "ES256", Immediately: true, Force: true}
	var err error
	for n := 0; err == nil && n < 300; n++ {
		_, err = h.RotateKey(t.Context(), operator(), "acme", order)
	}
	wantError(t, err, admin.CodeTooEarly, "", "250 keys of ES256")
	if n := len(h.keys("acme")); n != 250 {
		t.Errorf("there are %d keys", n)
	}
	earliest, _ := err.(*admin.Error).Details["earliest"].(time.Time)
	if !earliest.Before(h.now.Add(26 * time.Hour)) {
		t.Errorf("the first of them is gone at %s", earliest)
	}
	if second := earliest.Add(time.Second - 1).Truncate(time.Second).Format(time.RFC3339); !strings.HasSuffix(err.Error(), second) {
		t.Errorf("%q names an instant before %s", err, earliest)
	}
	_, err = h.RevokeKey(t.Context(), operator(), "acme", h.active("acme"))
	wantNone(t, err) // which never waits
	_, err = h.RotateKey(t.Context(), operator(), "acme", admin.RotationOrder{Alg: "EdDSA"})
	wantNone(t, err) // which has a bound of its own
	h.now = earliest
	_, err = h.RotateKey(t.Context(), operator(), "acme", order)
	wantNone(t, err)
}

func (h *house) active(slug string) string {
	h.t.Helper()
	for _, key := range h.keys(slug) {
		if key.State == keys.Active {
			return key.Kid
		}
	}
	return ""
}

func TestRevocationTellsWhatTheKeySigned(t *testing.T) {
	h := newHouse(t)
	acme := h.signing("acme", "ES256")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "ES256"))
	kid := h.keys("acme")[0].Kid
	hour := h.now.Truncate(time.Hour)
	h.now = hour.Add(80 * time.Minute) // when it is revoked: in the second of its hours
	settled := h.now.Add(timing().Settling())
	last := hour.Add(3 * time.Hour)
	for _, use := range []tenants.FirstUse{
		{ClientID: "b", Audience: "api", Hour: hour, LatestExpiry: last},
		{ClientID: "a", Audience: "api", Hour: hour, LatestExpiry: hour.Add(2 * time.Hour)},
		{ClientID: "b", Audience: "other", Hour: hour.Add(time.Hour), LatestExpiry: hour.Add(2*time.Hour + 15*time.Minute)},
	} {
		use.TenantID, use.Kid, use.Count = acme.ID, kid, 1
		wantNone(t, h.db.AddUses(t.Context(), []tenants.FirstUse{use}))
	}
	for range 2 { // the second changes nothing and answers the same
		got, err := h.RevokeKey(t.Context(), operator(), "acme", kid)
		wantNone(t, err)
		wantList(t, got.Clients, "a", "b")
		wantList(t, got.APIs, "api", "other")
		if len(got.Uses) != 3 || got.Until == nil || !got.Until.Equal(last) || got.Key.State != keys.Gone || got.Key.RevokedAt == nil {
			t.Errorf("got %+v", got)
		}
		// The second hour's tokens, which come first, may have been signed until
		// every node had heard of the revocation, the first's to its end.
		for i, want := range []time.Time{settled.Add(15 * time.Minute), hour.Add(2 * time.Hour), last} {
			if use := got.Uses[i]; !use.LatestExpiry.Equal(want) {
				t.Errorf("tokens of %s for %s live until %s, want %s", use.ClientID, use.Audience, use.LatestExpiry, want)
			}
		}
		active := 0
		for _, key := range got.Keys {
			if key.State == keys.Active {
				active++
			}
		}
		if active != 1 {
			t.Errorf("states %v", states(got.Keys))
		}
	}
	if n := len(h.events("acme")); n != 3 { // tenant, first key, revocation
		t.Errorf("%d events, want 3", n)
	}
	_, err := h.RevokeKey(t.Context(), operator(), "acme", "unknown")
	wantError(t, err, admin.CodeNotFound, "")
}

func TestKeysAreDeletedOnlyWhenNoTokenCanBeAlive(t *testing.T) {
	h := newHouse(t)
	acme := h.signing("acme", "ES256")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "ES256"))
	kid := h.keys("acme")[0].Kid
	wantError(t, h.DeleteKey(t.Context(), operator(), "acme", kid), admin.CodeInUse, "")
	_, err := h.RotateKey(t.Context(), operator(), "acme", admin.RotationOrder{Alg: "ES256", Immediately: true, Force: true})
	wantNone(t, err)
	err = h.DeleteKey(t.Context(), operator(), "acme", kid)
	wantError(t, err, admin.CodeTooEarly, "")
	h.now = err.(*admin.Error).Details["earliest"].(time.Time)
	wantNone(t, h.DeleteKey(t.Context(), operator(), "acme", kid))
	wantError(t, h.DeleteKey(t.Context(), operator(), "acme", kid), admin.CodeNotFound, "")
}

func TestTendingPublishesTheSuccessorOnce(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	changed, err := h.TendKeys(t.Context(), acme.ID)
	wantNone(t, err)
	if changed || len(h.keys("acme")) != 0 {
		t.Error("a tenant that no token was asked of got a key")
	}
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "RS256"))
	for _, want := range []bool{true, false} {
		changed, err := h.TendKeys(t.Context(), acme.ID)
		wantNone(t, err)
		if changed != want {
			t.Errorf("changed %v, want %v", changed, want)
		}
	}
	wantList(t, states(h.keys("acme")), "active", "next")
	_, err = h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"signing_alg": "EdDSA"})
	wantNone(t, err)
	changed, err = h.TendKeys(t.Context(), acme.ID)
	wantNone(t, err)
	if !changed || h.events("acme")[0].Actor != "system" {
		t.Errorf("changed %v, by %s", changed, h.events("acme")[0].Actor)
	}
	var eddsa *admin.SigningKey
	for _, key := range h.keys("acme") {
		if key.Alg == "EdDSA" {
			eddsa = &key
		}
	}
	if eddsa == nil || eddsa.State != keys.Next {
		t.Errorf("the new algorithm's key: %+v", eddsa)
	}
}
