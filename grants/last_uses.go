package grants

import (
	"context"
	"sync"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// LastUses remembers when things were last used, and has it stored now and then: a
// use costs no write of its own. The zero value is empty.
type LastUses[K comparable] struct {
	mu   sync.Mutex
	used map[K]time.Time
}

func (u *LastUses[K]) note(thing K, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.used == nil {
		u.used = map[K]time.Time{}
	}
	if u.used[thing].Before(at) {
		u.used[thing] = at
	}
}

// Flush stores what was noted since the last time. After an error it is kept for the
// next time.
func (u *LastUses[K]) Flush(ctx context.Context, store func(context.Context, map[K]time.Time) error) error {
	u.mu.Lock()
	used := u.used
	u.used = nil
	u.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	err := store(ctx, used)
	if err != nil {
		for thing, at := range used {
			u.note(thing, at)
		}
	}
	return err
}

// ClientUseStore stores when clients, their secrets and their keys were last used.
type ClientUseStore interface {
	UseClients(ctx context.Context, used map[tenants.ClientUse]time.Time) error
}

// FlushUses stores when clients have authenticated since the last time. After an
// error that is kept for the next time.
func (a *Authenticator) FlushUses(ctx context.Context, store ClientUseStore) error {
	return a.uses.Flush(ctx, store.UseClients)
}

// KeyUses remembers when API keys, named by their ids, were last used.
type KeyUses = LastUses[string]
