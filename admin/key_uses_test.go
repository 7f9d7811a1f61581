package admin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// used is a key that has signed for 30 clients in each of so many hours, the last
// of which is the present one.
func (h *house) used(hours int) (acme *tenants.Tenant, kid string) {
	h.t.Helper()
	acme = h.signing("acme", "ES256")
	wantNone(h.t, h.EnsureKey(h.t.Context(), acme.ID, "ES256"))
	kid = h.keys("acme")[0].Kid
	var uses []tenants.FirstUse
	for i := range hours {
		hour := h.now.Truncate(time.Hour).Add(-time.Duration(i) * time.Hour)
		for c := range 30 {
			uses = append(uses, tenants.FirstUse{
				TenantID: acme.ID, Kid: kid, ClientID: fmt.Sprintf("client-%02d", c), Audience: "api", Hour: hour, Count: 1,
				LatestExpiry: hour.Add(time.Hour + 15*time.Minute),
			})
		}
	}
	wantNone(h.t, h.db.AddUses(h.t.Context(), uses))
	return acme, kid
}

// A key that signed much is reported by its newest hours, and in sums that are of
// all; the list goes on where the report ends.
func TestUsesGoOnWhereTheReportEnds(t *testing.T) {
	h := newHouse(t)
	acme, kid := h.used(20)
	got, err := h.RevokeKey(t.Context(), operator(), "acme", kid)
	wantNone(t, err)
	if len(got.Uses) != 200 || len(got.Clients) != 30 || got.ReportError != "" || !got.Until.Equal(h.now.Add(timing().Settling()+15*time.Minute)) {
		t.Fatalf("%d uses, clients %v, until %v, %s", len(got.Uses), got.Clients, got.Until, got.ReportError)
	}
	all := got.Uses
	for next := got.NextUses; next != ""; {
		page, err := h.KeyUses(t.Context(), operatorWith("keys:read"), "acme", kid, admin.Query{Size: 150, PageToken: next})
		wantNone(t, err)
		all, next = append(all, page.Items...), page.NextPageToken
	}
	inOrder := slices.IsSortedFunc(all, func(a, b tenants.FirstUse) int {
		if c := b.Hour.Compare(a.Hour); c != 0 {
			return c
		}
		return strings.Compare(a.ClientID, b.ClientID)
	})
	if len(all) != 600 || !inOrder || len(slices.Compact(all)) != 600 {
		t.Errorf("%d rows, in order: %v", len(all), inOrder)
	}
	page, err := h.KeyUses(t.Context(), ownAdmin(acme), "acme", kid, admin.Query{Prefix: "client-07"})
	wantNone(t, err)
	if len(page.Items) != 20 || !page.Items[0].LatestExpiry.Equal(*got.Until) {
		t.Errorf("of one client: %d rows, the first %+v", len(page.Items), page.Items[0])
	}
}

func TestUsesOutliveTheirKey(t *testing.T) {
	h := newHouse(t)
	acme, kid := h.used(1)
	other := h.tenant("other")
	_, err := h.RotateKey(t.Context(), operator(), "acme", admin.RotationOrder{Immediately: true, Force: true})
	wantNone(t, err)
	h.now = h.now.Add(100 * 24 * time.Hour)
	wantNone(t, h.DeleteKey(t.Context(), operator(), "acme", kid))
	page, err := h.KeyUses(t.Context(), ownAdmin(acme), "acme", kid, admin.Query{})
	wantNone(t, err)
	if len(page.Items) != 30 {
		t.Errorf("%d rows", len(page.Items))
	}
	_, err = h.KeyUses(t.Context(), ownAdmin(acme), "acme", "none", admin.Query{})
	wantError(t, err, admin.CodeNotFound, "", "none")
	_, err = h.KeyUses(t.Context(), ownAdmin(other), "other", kid, admin.Query{})
	wantError(t, err, admin.CodeNotFound, "")
	_, err = h.KeyUses(t.Context(), operatorWith("keys:write"), "acme", kid, admin.Query{})
	wantError(t, err, admin.CodeForbidden, "")
	page, err = h.KeyUses(t.Context(), ownAdmin(acme), "acme", kid, admin.Query{Prefix: "nobody"})
	if wantNone(t, err); len(page.Items) != 0 {
		t.Errorf("of nobody: %v", page.Items)
	}
}

// unread is a store that cannot read what a key has signed.
type unread struct {
	*store.DB
	uses, clients, hours bool
}

func (u *unread) Uses(ctx context.Context, tenantID, kid string, r admin.Range) ([]tenants.FirstUse, error) {
	if u.uses {
		return nil, tenants.ErrUnavailable
	}
	return u.DB.Uses(ctx, tenantID, kid, r)
}

func (u *unread) UsesByClient(ctx context.Context, tenantID, kid string) ([]tenants.FirstUse, error) {
	if u.clients {
		return nil, tenants.ErrUnavailable
	}
	return u.DB.UsesByClient(ctx, tenantID, kid)
}

func (u *unread) UsesByHour(ctx context.Context, tenantID, kid string) ([]tenants.FirstUse, error) {
	if u.hours {
		return nil, tenants.ErrUnavailable
	}
	return u.DB.UsesByHour(ctx, tenantID, kid)
}

// A revocation that is stored is never answered with an error, whatever cannot
// be told of it. No token is said to end sooner than it may.
func TestARevocationHoldsWithoutItsReport(t *testing.T) {
	h := newHouse(t)
	_, kid := h.used(1)
	broken := &unread{DB: h.db}
	h.Service = h.on(broken)
	revokedAt := h.now
	known := h.now.Add(timing().Settling() + 15*time.Minute)
	for _, test := range []struct {
		unread
		want           time.Time
		uses, reported int // reported clients
	}{
		{unread{uses: true}, known, 0, 30},
		{unread{clients: true}, known, 30, 0},
		{unread{hours: true}, revokedAt.Add(timing().Settling() + oauth.MaxTokenLife), 30, 30},
		{unread{uses: true, clients: true, hours: true}, revokedAt.Add(timing().Settling() + oauth.MaxTokenLife), 0, 0},
		{unread{}, known, 30, 30},
	} {
		broken.uses, broken.clients, broken.hours = test.unread.uses, test.clients, test.hours
		whole := test.unread == unread{}
		got, err := h.RevokeKey(t.Context(), operator(), "acme", kid)
		wantNone(t, err)
		h.now = h.now.Add(time.Minute)
		if got.Key.State != keys.Gone || !got.Until.Equal(test.want) || len(got.Uses) != test.uses || len(got.Clients) != test.reported {
			t.Errorf("%+v: until %v, %d uses, clients %v", test.unread, got.Until, len(got.Uses), got.Clients)
		}
		if (got.ReportError == "") != whole || errors.Is(got.Err, tenants.ErrUnavailable) == whole {
			t.Errorf("%+v: %q, %v", test.unread, got.ReportError, got.Err)
		}
	}

	broken.clients = true
	var leaks []admin.Leak
	wantNone(t, h.RevokeLeaked(t.Context(), operator(), h.now, func(l admin.Leak) { leaks = append(leaks, l) },
		func(tenant string, err error) { t.Errorf("%s: %v", tenant, err) }))
	if len(leaks) != 1 || len(leaks[0].Kids) == 0 || leaks[0].ReportError == "" {
		t.Errorf("reported: %+v", leaks)
	}
}
