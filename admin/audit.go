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
	return s.auditEvents(ctx, "audit_events", t.ID, since, q, func(ctx context.Context, r Range) ([]tenants.AuditEvent, error) {
		return s.store.AuditEvents(ctx, t.ID, r, since)
	})
}

// AllAuditEvents is AuditEvents of all tenants together, also of those that have
// been deleted. Only operators read them, with audit:read.
func (s *Service) AllAuditEvents(ctx context.Context, a Actor, since time.Time, q Query) (Page[tenants.AuditEvent], error) {
	if err := a.need("audit:read"); err != nil {
		return Page[tenants.AuditEvent]{}, err
	}
	if !a.IsOperator() {
		return Page[tenants.AuditEvent]{}, Errorf(CodeForbidden, "", "only the operator may read the audit events of all tenants")
	}
	operator, err := s.store.Tenant(ctx, tenants.OperatorSlug)
	if err != nil {
		return Page[tenants.AuditEvent]{}, refused(err, "tenant", "")
	}
	return s.auditEvents(ctx, "all_audit_events", operator.ID, since, q, func(ctx context.Context, r Range) ([]tenants.AuditEvent, error) {
		return s.store.AllAuditEvents(ctx, r, since)
	})
}

func (s *Service) auditEvents(ctx context.Context, name, tenantID string, since time.Time, q Query,
	read func(context.Context, Range) ([]tenants.AuditEvent, error),
) (Page[tenants.AuditEvent], error) {
	return list(ctx, s, listing[tenants.AuditEvent]{
		name: name, tenantID: tenantID, narrowed: since.UTC().Format(time.RFC3339Nano),
		key: func(e *tenants.AuditEvent) string { return e.ID }, read: read,
	}, q)
}
