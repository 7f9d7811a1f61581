package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestAuditEventsAreReadNewestFirst(t *testing.T) {
	now := instant.Add(-time.Hour)
	db := storetest.OpenURL(t, storetest.URL(t), store.Options{Now: func() time.Time { return now }})
	other, acme := newTenant(t, db, "other"), newTenant(t, db, "acme")
	at := instant.UTC().Truncate(time.Microsecond)
	var want []tenants.AuditEvent
	for i, action := range []string{"client.update", "client.delete", "api_x", "apiyx"} {
		e := tenants.AuditEvent{
			ID: id(t), TenantID: acme.ID, At: at.Add(time.Duration(i) * time.Millisecond), Actor: "client:a@operator", Action: action,
			Target: "T%", Details: map[string]any{"name": "x", "list": []any{"a"}}, RequestID: "r", Address: "192.0.2.1",
		}
		must(t, db.UpdateTenant(t.Context(), acme, e))
		want = append([]tenants.AuditEvent{e}, want...)
	}
	for _, test := range []struct {
		r     admin.Range
		since time.Time
		want  []tenants.AuditEvent
	}{
		{admin.Range{Limit: 4}, time.Time{}, want},
		{admin.Range{Limit: 2}, time.Time{}, want[:2]},
		{admin.Range{Limit: 2, After: want[1].ID}, time.Time{}, want[2:]},
		{admin.Range{Limit: 9}, want[1].At, want[:2]},
		{admin.Range{Prefix: "CLIENT."}, time.Time{}, want[2:]},
		{admin.Range{Prefix: "api_"}, time.Time{}, want[1:2]},
		{admin.Range{Prefix: "t%"}, time.Time{}, want},
		{admin.Range{Prefix: "\x00"}, time.Time{}, nil},
	} {
		got, err := db.AuditEvents(t.Context(), acme.ID, test.r, test.since)
		must(t, err)
		if diff := cmp.Diff(append([]tenants.AuditEvent{}, test.want...), got); diff != "" {
			t.Errorf("%+v since %v: %s", test.r, test.since, diff)
		}
	}
	if events, err := db.AuditEvents(t.Context(), other.ID, admin.Range{}, time.Time{}); err != nil || len(events) != 1 {
		t.Errorf("the other tenant has %d audit events, %v", len(events), err)
	}
}

func TestAuditEventsArePurgedByTheirAge(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme").ID
	made := time.Now().UTC().Truncate(time.Microsecond)
	old, young := id(t), id(t)
	must(t, db.Record(t.Context(), tenants.AuditEvent{ID: old, TenantID: tenant, At: made.Add(-time.Minute), Actor: "test", Action: "old"}))
	must(t, db.Record(t.Context(), tenants.AuditEvent{ID: young, TenantID: tenant, At: made, Actor: "test", Action: "young"}))
	purge := func(before time.Time, want ...string) {
		t.Helper()
		_, err := db.PurgeAudit(t.Context(), before)
		must(t, err)
		events, err := db.AuditEvents(t.Context(), tenant, admin.Range{}, time.Time{})
		must(t, err)
		var left []string
		for _, e := range events {
			if e.ID == old || e.ID == young {
				left = append(left, e.ID)
			}
		}
		if !slices.Equal(left, want) {
			t.Errorf("before %v: %v are left, want %v", before, left, want)
		}
	}
	purge(made.Add(-time.Minute), young, old)
	purge(made, young)
	purge(made.AddDate(1, 0, 0))
}
