package server

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// LegacyStore keeps which clients use endpoints of dialects.
type LegacyStore interface {
	// AddLegacyUses adds each Count to its row.
	AddLegacyUses(ctx context.Context, uses []tenants.LegacyUse) error
}

// LegacyLog counts in memory which clients use endpoints of dialects. Only
// requests that succeeded count: nobody makes it grow who has no credentials.
type LegacyLog struct {
	store LegacyStore
	now   func() time.Time
	mu    sync.Mutex
	uses  map[legacyUse]*tenants.LegacyUse
}

type legacyUse struct {
	tenantID, clientID string
	route              *dialects.Route
}

// NewLegacyLog makes a LegacyLog.
func NewLegacyLog(store LegacyStore, now func() time.Time) *LegacyLog {
	return &LegacyLog{store: store, now: now, uses: map[legacyUse]*tenants.LegacyUse{}}
}

func (l *LegacyLog) note(tenantID, clientID string, route *dialects.Route) {
	key, now := legacyUse{tenantID, clientID, route}, l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	use := l.uses[key]
	if use == nil {
		key.clientID = strings.Clone(clientID) // which is a part of the whole request
		use = &tenants.LegacyUse{
			TenantID: tenantID, ClientID: key.clientID, Dialect: route.Spec().Name, Method: route.Method, Path: route.Path, FirstUsedAt: now,
		}
		l.uses[key] = use
	}
	use.Count++
	use.LastUsedAt = now
}

// Flush stores what was counted since the last time. After an error it is kept
// for the next time.
func (l *LegacyLog) Flush(ctx context.Context) error {
	l.mu.Lock()
	counted := l.uses
	l.uses = map[legacyUse]*tenants.LegacyUse{}
	l.mu.Unlock()
	if len(counted) == 0 {
		return nil
	}
	list := make([]tenants.LegacyUse, 0, len(counted))
	for _, use := range counted {
		list = append(list, *use)
	}
	err := l.store.AddLegacyUses(ctx, list)
	if err == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, use := range counted {
		if later := l.uses[key]; later != nil {
			use.Count, use.LastUsedAt = use.Count+later.Count, later.LastUsedAt
		}
		l.uses[key] = use
	}
	return err
}

// served takes note of a request that a route answered well.
func (s *Server) served(c *gin.Context, route *dialects.Route) {
	if x := of(c); s.Legacy != nil && x.tenant != nil && x.clientID != "" && !s.isStandard(route) {
		s.Legacy.note(x.tenant.ID, x.clientID, route)
	}
}
