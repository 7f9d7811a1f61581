package admin

import (
	"context"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// AuditEvents lists what happened to a tenant since an instant, newest first;
// the zero instant is the beginning. The query's Prefix is one of action or
// target. It needs audit:read.
func (s *Service) AuditEvents(ctx context.Context, a Actor, slug string, since time.Time, q Query) (Page[tenants.AuditEvent], error) {
	t, err := s.reach(ctx, a, "audit:read", slug)
	if err != nil {
		return Page[tenants.AuditEvent]{}, err
	}
	return list(ctx, s, listing[tenants.AuditEvent]{
		name: "audit_events", tenantID: t.ID, narrowed: since.UTC().Format(time.RFC3339Nano),
		key: func(e *tenants.AuditEvent) string { return e.ID },
		read: func(ctx context.Context, r Range) ([]tenants.AuditEvent, error) {
			return s.store.AuditEvents(ctx, t.ID, r, since)
		},
	}, q)
}
