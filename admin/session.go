package admin

import (
	"context"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// SessionStore keeps the sessions of browsers.
type SessionStore interface {
	// Sessions returns those that last at now, sorted by id.
	Sessions(ctx context.Context, tenantID, userID string, now time.Time, r Range) ([]tenants.Session, error)
	DeleteSession(ctx context.Context, tenantID, userID, id string, e tenants.AuditEvent) error
	DeleteSessions(ctx context.Context, tenantID, userID string, e tenants.AuditEvent) error
}

// Sessions lists the browsers in which a user is signed in, the first one first;
// it needs users:read.
func (s *Service) Sessions(ctx context.Context, a Actor, slug, userID string, q Query) (Page[tenants.Session], error) {
	t, u, err := s.reachUser(ctx, a, "users:read", slug, userID)
	if err != nil {
		return Page[tenants.Session]{}, err
	}
	now := s.instant()
	return list(ctx, s, listing[tenants.Session]{
		name: "sessions", tenantID: t.ID, narrowed: u.ID, key: func(s *tenants.Session) string { return s.ID },
		read: func(ctx context.Context, r Range) ([]tenants.Session, error) {
			return s.store.Sessions(ctx, t.ID, u.ID, now, r)
		},
	}, q)
}

// RevokeSession ends a session of a user at once. It needs users:write and every
// admin scope that the user has.
func (s *Service) RevokeSession(ctx context.Context, a Actor, slug, userID, id string) error {
	t, u, err := s.changeUser(ctx, a, slug, userID)
	if err != nil {
		return err
	}
	event := s.event(a, t.ID, "user.session.revoke", u.ID, map[string]any{"session_id": id})
	return unknown(s.store.DeleteSession(ctx, t.ID, u.ID, id, event), "session", id)
}

// RevokeSessions ends all sessions of a user at once, as RevokeSession does. It
// is no error if there are none.
func (s *Service) RevokeSessions(ctx context.Context, a Actor, slug, userID string) error {
	t, u, err := s.changeUser(ctx, a, slug, userID)
	if err != nil {
		return err
	}
	return refused(s.store.DeleteSessions(ctx, t.ID, u.ID, s.event(a, t.ID, "user.session.revoke", u.ID, map[string]any{"all": true})), "user", "")
}
