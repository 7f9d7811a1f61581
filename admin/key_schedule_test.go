package admin_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// tendWhatIsDue does what a node's scheduler does, once.
func (h *house) tendWhatIsDue() {
	h.t.Helper()
	due, err := h.db.DueKeySets(h.t.Context(), h.now, 100)
	wantNone(h.t, err)
	for _, id := range due {
		_, err := h.TendKeys(h.t.Context(), id)
		wantNone(h.t, err)
	}
}

func (h *house) due() int {
	h.t.Helper()
	due, err := h.db.DueKeySets(h.t.Context(), h.now, 100)
	wantNone(h.t, err)
	return len(due)
}

func TestScheduleKeepsKeysComingAndRests(t *testing.T) {
	h := newHouse(t)
	h.now = time.Now().UTC().Truncate(time.Second).Add(time.Minute) // the store's clock, which says when what was changed is due
	acme := h.tenant("acme")
	h.tendWhatIsDue()
	if list := h.keys("acme"); len(list) != 0 {
		t.Fatalf("a tenant that no token was asked of has keys: %v", states(list))
	}
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "RS256"))
	kids := map[string]bool{}
	for range 4 {
		h.tendWhatIsDue()
		wantList(t, states(h.keys("acme"))[len(h.keys("acme"))-2:], "active", "next")
		if n := h.due(); n != 0 {
			t.Fatalf("%d key sets are due right after they were tended", n)
		}
		for _, key := range h.keys("acme") {
			kids[key.Kid] = true
		}
		h.now = h.now.Add(40 * 24 * time.Hour)
	}
	if len(kids) != 5 {
		t.Errorf("%d keys in four periods, want 5", len(kids))
	}
}

func TestTenantHasAPeriodOfItsOwnAndMayPause(t *testing.T) {
	h := newHouse(t)
	h.now = time.Now().UTC().Truncate(time.Second).Add(time.Minute) // the store's clock, which says when what was changed is due
	acme := h.tenant("acme")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "RS256"))
	h.tendWhatIsDue()
	patch := func(p admin.Patch) {
		t.Helper()
		_, err := h.UpdateTenant(t.Context(), ownAdmin(acme), "acme", 0, p)
		wantNone(t, err)
		h.tendWhatIsDue()
	}
	patch(admin.Patch{"rotation_period": 7 * 86400})
	if at := h.keys("acme")[1].ActiveAt; at.Sub(h.now) > 8*24*time.Hour {
		t.Errorf("with a period of a week the successor signs in %v", at.Sub(h.now))
	}
	patch(admin.Patch{"rotation_paused": true})
	h.now = h.now.Add(90 * 24 * time.Hour)
	h.tendWhatIsDue()
	wantList(t, states(h.keys("acme")), "active", "next")
	patch(admin.Patch{"rotation_paused": false})
	h.now = h.now.Add(12 * time.Hour)
	h.tendWhatIsDue()
	wantList(t, states(h.keys("acme")), "retiring", "active", "next")

	for _, wrong := range []any{-1, 60, 1 << 40} {
		_, err := h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"rotation_period": wrong})
		wantError(t, err, admin.CodeInvalid, "rotation_period", "3600")
	}
}

// An API that asks for another algorithm gets its key published before it signs.
func TestAlgorithmOfAnAPIIsIntroducedByTheSchedule(t *testing.T) {
	h := newHouse(t)
	h.now = time.Now().UTC().Truncate(time.Second).Add(time.Minute) // the store's clock, which says when what was changed is due
	acme := h.tenant("acme")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "RS256"))
	h.tendWhatIsDue()
	_, err := h.CreateAPI(t.Context(), operator(), "acme", admin.NewAPI{Identifier: "https://api.example", Name: "API", SigningAlg: "ES256"})
	wantNone(t, err)
	h.tendWhatIsDue()
	i := slices.IndexFunc(h.keys("acme"), func(k admin.SigningKey) bool { return k.Alg == keys.ES256 })
	if i < 0 || h.keys("acme")[i].State != keys.Next || h.keys("acme")[i].ActiveAt.Sub(h.now) < timing().Lead {
		t.Fatalf("keys: %v", states(h.keys("acme")))
	}
	h.client("acme", "erp", tenants.APIAccess{Identifier: "https://api.example"})
	signing := func() admin.EffectiveAlg {
		t.Helper()
		e, err := h.Effective(t.Context(), operator(), "acme", "erp", admin.EffectiveQuery{})
		wantNone(t, err)
		return e.SigningAlg
	}
	if got := signing(); got.Value != "ES256" || got.DecidedBy != "api" || got.StandIn != "RS256" || !got.Since.Equal(*h.keys("acme")[i].ActiveAt) {
		t.Errorf("while it waits the API's tokens are signed by %+v", got)
	}
	h.now = h.now.Add(timing().Lead)
	if got := signing(); got != (admin.EffectiveAlg{Value: "ES256", DecidedBy: "api"}) {
		t.Errorf("after its lead the API's tokens are signed by %+v", got)
	}
}

// The first token of a tenant, for whichever API, has the keys of all made that
// sign at once: no API gets tokens of another's algorithm.
func TestFirstKeysOfAllAPIsSignAtOnce(t *testing.T) {
	h := newHouse(t)
	acme := h.signing("acme", "EdDSA")
	_, err := h.CreateAPI(t.Context(), operator(), "acme", admin.NewAPI{Identifier: "https://api.example", Name: "API", SigningAlg: "ES256"})
	wantNone(t, err)
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "EdDSA"))
	wantList(t, states(h.keys("acme")), "active", "active")

	h.now = h.now.Add(time.Hour)
	_, err = h.RotateKey(t.Context(), operator(), "acme", admin.RotationOrder{})
	wantNone(t, err)
	wantNone(t, h.RevokeLeaked(t.Context(), operator(), h.now, func(admin.Leak) {}, func(_ string, err error) { t.Error(err) }))
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "EdDSA"))
	active := map[string]bool{}
	for _, key := range h.keys("acme") {
		active[key.Alg] = active[key.Alg] || key.State == keys.Active
	}
	if !active["EdDSA"] || !active["ES256"] {
		t.Errorf("keys that sign after a leak: %v", active)
	}
}

// Where nobody asks for a token after a leak, the scheduler makes the new keys.
func TestScheduleReplacesLeakedKeys(t *testing.T) {
	h := newHouse(t)
	acme := h.signing("acme", "ES256")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, ""))
	h.now = h.now.Add(time.Hour)
	wantNone(t, h.RevokeLeaked(t.Context(), operator(), h.now, func(admin.Leak) {}, func(_ string, err error) { t.Error(err) }))
	if h.due() != 1 {
		t.Fatal("the tenant is not due")
	}
	h.tendWhatIsDue()
	if got := states(h.keys("acme")); !slices.Contains(got, "active") || h.due() != 0 {
		t.Errorf("the schedule left %v", got)
	}
}

func TestLeakedKeysOfAllTenantsAreTakenBack(t *testing.T) {
	h := newHouse(t)
	h.now = time.Now().UTC().Truncate(time.Second).Add(time.Minute) // the store's clock, which says when what was changed is due
	for _, slug := range []string{"acme", "globex", "unused"} {
		made := h.tenant(slug)
		if slug != "unused" {
			wantNone(t, h.EnsureKey(t.Context(), made.ID, "RS256"))
		}
	}
	h.tendWhatIsDue()
	old := h.keys("acme")
	acme, err := h.Tenant(t.Context(), operator(), "acme")
	wantNone(t, err)
	wantNone(t, h.db.AddUses(t.Context(), []tenants.FirstUse{{TenantID: acme.ID, Kid: old[0].Kid, ClientID: "erp", Audience: "https://api.example", Hour: h.now.Truncate(time.Hour), Count: 3, LatestExpiry: h.now.Add(time.Hour)}}))
	h.now = h.now.Add(time.Hour)
	leakedBefore := h.now
	h.now = h.now.Add(time.Hour)
	wantNone(t, h.EnsureKey(t.Context(), h.tenant("initech").ID, "RS256")) // after the leak

	var leaks []admin.Leak
	revoke := func(a admin.Actor) error {
		leaks = nil
		return h.RevokeLeaked(t.Context(), a, leakedBefore, func(l admin.Leak) { leaks = append(leaks, l) },
			func(tenant string, err error) { t.Errorf("%s: %v", tenant, err) })
	}
	for _, a := range []admin.Actor{ownAdmin(acme), operatorWith("keys:read")} {
		var refused *admin.Error
		if err := revoke(a); !errors.As(err, &refused) || refused.Code != admin.CodeForbidden {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
	wantNone(t, revoke(operatorWith("keys:write")))
	if len(leaks) != 2 || leaks[0].Tenant != "acme" || leaks[1].Tenant != "globex" || len(leaks[0].Kids) != 2 ||
		!slices.Equal(leaks[0].Clients, []string{"erp"}) || leaks[0].Until == nil {
		t.Errorf("reported: %+v", leaks)
	}
	for _, slug := range []string{"acme", "globex"} {
		if got := states(h.keys(slug)); slices.ContainsFunc(got, func(s string) bool { return s != "gone" }) {
			t.Errorf("%s: %v", slug, got)
		}
	}
	wantList(t, states(h.keys("initech")), "active")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "RS256")) // by the next token
	if got := states(h.keys("acme")); !slices.Contains(got, "active") {
		t.Errorf("after the next token: %v", got)
	}
	first := leaks
	wantNone(t, revoke(operator())) // right away
	if !reflect.DeepEqual(leaks, first) {
		t.Errorf("a second time: %+v, before %+v", leaks, first)
	}
	if got := states(h.keys("acme")); !slices.Contains(got, "active") {
		t.Errorf("after the second time: %v", got)
	}
	wantError(t, h.RevokeLeaked(t.Context(), operator(), h.now.Add(time.Hour), nil, nil), admin.CodeInvalid, "leaked_before")
}

// What a tenant wishes is followed by the schedule, whatever else changes its
// keys between the wish and the schedule's turn.
func TestNoOrderHidesAChangeOfPolicyFromTheSchedule(t *testing.T) {
	h := newHouse(t)
	h.now = time.Now().UTC().Truncate(time.Second).Add(time.Minute) // the store's clock, which says when what was changed is due
	acme := h.tenant("acme")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "RS256"))
	h.tendWhatIsDue()
	wish := func(p admin.Patch) {
		t.Helper()
		_, err := h.UpdateTenant(t.Context(), operator(), "acme", 0, p)
		wantNone(t, err)
	}
	waits := func() {
		t.Helper()
		i := slices.IndexFunc(h.keys("acme"), func(k admin.SigningKey) bool { return k.Alg == keys.RS256 && k.State == keys.Next })
		if i < 0 || h.keys("acme")[i].ActiveAt != nil {
			t.Errorf("though rotation is paused a key is to sign: %+v", h.keys("acme"))
		}
	}
	wish(admin.Patch{"rotation_paused": true})
	_, err := h.RotateKey(t.Context(), ownAdmin(acme), "acme", admin.RotationOrder{Alg: keys.ES256})
	wantNone(t, err)
	h.tendWhatIsDue()
	waits()

	// While a key is being made: by an order, then by the schedule.
	wish(admin.Patch{"rotation_paused": false})
	h.tendWhatIsDue()
	h.making = func() { h.making = func() {}; wish(admin.Patch{"rotation_paused": true}) }
	_, err = h.RotateKey(t.Context(), ownAdmin(acme), "acme", admin.RotationOrder{Alg: keys.EdDSA})
	wantNone(t, err)
	h.tendWhatIsDue()
	waits()

	wish(admin.Patch{"rotation_paused": false, "key_bits": 3072})
	h.making = func() { h.making = func() {}; wish(admin.Patch{"rotation_paused": true}) }
	h.tendWhatIsDue()
	waits()
}

// A key that was made for a plan that came to nothing is used for the next one
// only if it still has the size that the tenant wants.
func TestSizeChangedWhileAKeyIsMade(t *testing.T) {
	h := newHouse(t)
	h.now = time.Now().UTC().Truncate(time.Second).Add(time.Minute) // the store's clock, which says when what was changed is due
	acme := h.tenant("acme")
	wantNone(t, h.EnsureKey(t.Context(), acme.ID, "RS256"))
	wish := func(bits int) {
		t.Helper()
		_, err := h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"key_bits": bits})
		wantNone(t, err)
	}
	wish(3072)
	h.making = func() { h.making = func() {}; wish(2048) }
	h.tendWhatIsDue()
	if next := h.keys("acme")[1]; next.State != keys.Next || next.Bits != 2048 {
		t.Errorf("a key of %d bits is %s", next.Bits, next.State)
	}
}
