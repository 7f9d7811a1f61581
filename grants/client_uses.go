package grants

import (
	"context"
	"sync"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// ClientUseStore stores when clients, their secrets and their keys were last used.
type ClientUseStore interface {
	UseClients(ctx context.Context, used map[tenants.ClientUse]time.Time) error
}

// clientUses remembers when clients, their secrets and their keys were last used:
// a use costs no write of its own.
type clientUses struct {
	mu   sync.Mutex
	used map[tenants.ClientUse]time.Time
}

func (u *clientUses) note(use tenants.ClientUse, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.used == nil {
		u.used = map[tenants.ClientUse]time.Time{}
	}
	if u.used[use].Before(at) {
		u.used[use] = at
	}
}

func (u *clientUses) take() map[tenants.ClientUse]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	used := u.used
	u.used = nil
	return used
}

// FlushUses stores when clients have authenticated since the last time. After an
// error that is kept for the next time.
func (a *Authenticator) FlushUses(ctx context.Context, store ClientUseStore) error {
	used := a.uses.take()
	if len(used) == 0 {
		return nil
	}
	err := store.UseClients(ctx, used)
	if err != nil {
		for use, at := range used {
			a.uses.note(use, at)
		}
	}
	return err
}
