package grants

import (
	"context"
	"sync"
	"time"
)

// KeyUseStore stores when API keys, named by their ids, were last used.
type KeyUseStore interface {
	UseAPIKeys(ctx context.Context, used map[string]time.Time) error
}

// KeyUses remembers when API keys were last used, and stores it now and then:
// a use costs no write of its own.
type KeyUses struct {
	store KeyUseStore
	mu    sync.Mutex
	used  map[string]time.Time
}

// NewKeyUses makes a KeyUses.
func NewKeyUses(store KeyUseStore) *KeyUses {
	return &KeyUses{store: store, used: map[string]time.Time{}}
}

func (u *KeyUses) note(id string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used[id] = at
}

// Flush stores what was noted since the last time. After an error it is kept
// for the next time.
func (u *KeyUses) Flush(ctx context.Context) error {
	u.mu.Lock()
	used := u.used
	u.used = map[string]time.Time{}
	u.mu.Unlock()
	err := u.store.UseAPIKeys(ctx, used)
	if err == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, at := range used {
		if u.used[id].Before(at) {
			u.used[id] = at
		}
	}
	return err
}
