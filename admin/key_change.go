package admin

import (
	"context"
	"reflect"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// keyChange says who changes which tenant's keys, for the audit log.
type keyChange struct {
	actor   Actor
	tenant  *tenants.Tenant
	action  string
	target  string
	details map[string]any
}

// System is the actor of what the platform does by itself.
func System() Actor { return Actor{Name: "system", Scopes: AllScopes()} }

// changeKeys stores what plan makes of the tenant's key set, if that differs.
// It plans anew when another node was first, and uses a key that it made
// before: making one is slow. A set that comes with an error is stored too.
func (s *Service) changeKeys(ctx context.Context, c keyChange, plan func(keys.Set, keys.NewKey) (keys.Set, error)) (keys.Set, error) {
	made := map[string]keys.Key{}
	return retried(0, func() (keys.Set, error) {
		set, err := s.store.KeySet(ctx, c.tenant.ID)
		if err != nil {
			return keys.Set{}, err
		}
		used := 0
		newKey := func(alg string) (keys.Key, error) {
			used++
			return s.newKey(c.tenant, alg, used, made)
		}
		planned, refusal := plan(set, newKey)
		planned.DueAt = keys.Due(planned, policies(c.tenant), s.now())
		switch {
		case !reflect.DeepEqual(planned.Keys, set.Keys):
			err = s.store.SaveKeySet(ctx, planned, s.event(c.actor, c.tenant.ID, c.action, c.target, c.details))
		case !planned.DueAt.Equal(set.DueAt) && set.Version != 0:
			err = s.store.PostponeKeySet(ctx, planned)
		}
		if err != nil {
			return keys.Set{}, err
		}
		return planned, refusal
	})
}

// newKey makes the n-th key of a change, or returns the one made before.
func (s *Service) newKey(t *tenants.Tenant, alg string, n int, made map[string]keys.Key) (keys.Key, error) {
	name := alg + string(rune('0'+n))
	if key, ok := made[name]; ok {
		return key, nil
	}
	key, err := s.cfg.NewKey(s.sealer, t.ID, t.KeyBits)(alg)
	if err == nil {
		made[name] = key
	}
	return key, err
}

// EnsureKey makes the tenant's first key for an algorithm, the tenant's own
// where alg is empty, and does nothing
// where one signs or waits for its lead. When several nodes call it at once,
// one key comes of it. Where another algorithm's key signs, the new one is
// published first and signs after its lead.
func (s *Service) EnsureKey(ctx context.Context, tenantID, alg string) error {
	t, err := s.store.TenantByID(ctx, tenantID)
	if err != nil {
		return err
	}
	if alg == "" {
		alg = t.SigningAlg
	}
	change := keyChange{actor: System(), tenant: t, action: "key.create", target: alg}
	_, err = s.changeKeys(ctx, change, func(set keys.Set, newKey keys.NewKey) (keys.Set, error) {
		return s.ensure(set, alg, newKey)
	})
	return err
}

func (s *Service) ensure(set keys.Set, alg string, newKey keys.NewKey) (keys.Set, error) {
	introduced, changed, err := keys.Introduce(set, alg, s.now(), s.cfg.Timing, newKey)
	if err != nil || changed {
		return introduced, err
	}
	ensured, _, err := keys.EnsureFirst(set, alg, s.now(), s.cfg.Timing, newKey)
	return ensured, err
}

// TendKeys does what is due for a tenant's keys by the schedule: it publishes
// successors, introduces the tenant's algorithm where that was changed, and
// drops what is gone for long. It reports whether it changed anything. Any node
// may call it at any time.
func (s *Service) TendKeys(ctx context.Context, tenantID string) (changed bool, err error) {
	t, err := s.store.TenantByID(ctx, tenantID)
	if err != nil {
		return false, err
	}
	apiAlgs, err := s.store.SigningAlgs(ctx, tenantID)
	if err != nil {
		return false, err
	}
	change := keyChange{actor: System(), tenant: t, action: "key.tend", target: t.Slug}
	_, err = s.changeKeys(ctx, change, func(set keys.Set, newKey keys.NewKey) (keys.Set, error) {
		planned, moved, err := s.tended(t, apiAlgs, set, newKey)
		changed = moved
		return planned, err
	})
	return changed && err == nil, err
}

// tended introduces the algorithms that are asked for, and tends each of which
// there is a key. A tenant that no token was asked of yet gets none.
func (s *Service) tended(t *tenants.Tenant, apiAlgs []string, set keys.Set, newKey keys.NewKey) (keys.Set, bool, error) {
	planned, changed := set, false
	for _, alg := range append([]string{t.SigningAlg}, apiAlgs...) {
		introduced, moved, err := keys.Introduce(planned, alg, s.now(), s.cfg.Timing, newKey)
		if err != nil {
			return set, false, err
		}
		planned, changed = introduced, changed || moved
	}
	for _, p := range policies(t) {
		if p.Paused {
			paused, moved := keys.Pause(planned, p.Alg, s.now(), s.cfg.Timing)
			planned, changed = paused, changed || moved
		}
		tended, moved, err := keys.Tend(planned, p, s.now(), s.cfg.Timing, newKey)
		if err != nil {
			return set, false, err
		}
		planned, changed = tended, changed || moved
	}
	return planned, changed, nil
}

// policy is how a tenant wants its keys of an algorithm.
func policy(t *tenants.Tenant, alg string) keys.Policy {
	return keys.Policy{Alg: alg, Bits: t.KeyBits, Period: time.Duration(t.RotationPeriod) * time.Second, Paused: t.RotationPaused}
}

func policies(t *tenants.Tenant) []keys.Policy {
	var all []keys.Policy
	for _, alg := range keys.Algs() {
		all = append(all, policy(t, alg))
	}
	return all
}
