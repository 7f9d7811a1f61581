package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

	scheduled bool // it follows what the tenant wishes at the time of the plan
}

// event says what came of the change: what a refused one lacks is published, so
// that it can be ordered again.
func (c keyChange) event(s *Service, refusal error) tenants.AuditEvent {
	if refusal != nil {
		c.action, c.details = "key.publish", map[string]any{"ordered": c.action, "refused": refusal.Error()}
	}
	return s.event(c.actor, c.tenant.ID, c.action, c.target, c.details)
}

// System is the actor of what the platform does by itself.
func System() Actor { return Actor{Name: "system", Scopes: AllScopes()} }

// changeKeys stores what plan makes of the tenant's key set, if that differs.
// It plans anew when another node was first, and uses a key that it made
// before: making one is slow. A set that comes with a *keys.TooEarlyError is stored too.
// A set that is due stays so: what the tenant wishes may have changed, and only
// the schedule follows that.
func (s *Service) changeKeys(ctx context.Context, c keyChange, plan func(keys.Set, keys.NewKey) (keys.Set, error)) (keys.Set, error) {
	made := map[string]keys.Key{}
	return retried(0, func() (keys.Set, error) {
		set, err := s.store.KeySet(ctx, c.tenant.ID)
		if err != nil {
			return keys.Set{}, err
		}
		used, had := 0, len(made)
		newKey := func(alg string) (keys.Key, error) {
			used++
			return s.newKey(c.tenant, alg, used, made)
		}
		planned, refusal := plan(set, newKey)
		if len(made) > had { // which took its time: no key is in the JWKS since the plan began
			used = 0
			planned, refusal = plan(set, newKey)
		}
		if early := (*keys.TooEarlyError)(nil); refusal != nil && !errors.As(refusal, &early) {
			return keys.Set{}, refusal
		}
		planned.DueAt = keys.Due(planned, s.now())
		if !c.scheduled && !set.DueAt.IsZero() && (planned.DueAt.IsZero() || set.DueAt.Before(planned.DueAt)) {
			planned.DueAt = set.DueAt
		}
		switch {
		case !reflect.DeepEqual(planned.Keys, set.Keys):
			err = s.store.SaveKeySet(ctx, planned, c.event(s, refusal))
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
	name := fmt.Sprint(alg, "/", t.KeyBits, "/", n)
	if key, ok := made[name]; ok {
		return key, nil
	}
	key, err := s.cfg.NewKey(s.sealer, t.ID, t.KeyBits)(alg)
	if err == nil {
		made[name] = key
	}
	return key, err
}

// EnsureKey sees to it that the tenant has a key that signs or is going to for
// an algorithm, for its own and for those that its APIs ask for, and does
// nothing where that is so; an empty alg asks for no further one. When several
// nodes call it at once, one key comes of it. The first keys of a tenant sign at
// once, that of a further algorithm after its lead.
func (s *Service) EnsureKey(ctx context.Context, tenantID, alg string) error {
	t, wanted, err := s.keyPolicy(ctx, tenantID)
	if err != nil {
		return err
	}
	if alg != "" {
		wanted.Algs = append(wanted.Algs, alg)
	}
	change := keyChange{actor: System(), tenant: t, action: "key.create", target: cmp.Or(alg, t.SigningAlg)}
	_, err = s.changeKeys(ctx, change, func(set keys.Set, newKey keys.NewKey) (keys.Set, error) {
		ensured, _, err := keys.Ensure(set, wanted.Algs, s.now(), s.cfg.Timing, newKey)
		return ensured, err
	})
	return err
}

// TendKeys does what is due for a tenant's keys by the schedule: it publishes
// successors, introduces the tenant's algorithm where that was changed, replaces
// keys that were taken back, and drops what is gone for long. It reports whether
// it changed anything. Any node may call it at any time.
func (s *Service) TendKeys(ctx context.Context, tenantID string) (changed bool, err error) {
	t, err := s.store.TenantByID(ctx, tenantID)
	if err != nil {
		return false, err
	}
	change := keyChange{actor: System(), tenant: t, action: "key.tend", target: t.Slug, scheduled: true}
	_, err = s.changeKeys(ctx, change, func(set keys.Set, newKey keys.NewKey) (keys.Set, error) {
		changed = false
		now, wanted, err := s.keyPolicy(ctx, tenantID) // after the set, whose version counts its changes
		if err != nil {
			return set, err
		}
		*t = *now
		planned, moved, err := keys.Tend(set, wanted, s.now(), s.cfg.Timing, newKey)
		changed = moved
		return planned, err
	})
	return changed && err == nil, err
}

// keyPolicy returns a tenant, and how it wants its keys.
func (s *Service) keyPolicy(ctx context.Context, tenantID string) (*tenants.Tenant, keys.Policy, error) {
	t, err := s.store.TenantByID(ctx, tenantID)
	if err != nil {
		return nil, keys.Policy{}, err
	}
	wanted := policy(t)
	wanted.Algs, err = s.signingAlgs(ctx, t)
	return t, wanted, err
}

// signingAlgs returns the tenant's algorithm and those that its APIs ask for.
func (s *Service) signingAlgs(ctx context.Context, t *tenants.Tenant) ([]string, error) {
	ofAPIs, err := s.store.SigningAlgs(ctx, t.ID)
	return append([]string{t.SigningAlg}, ofAPIs...), err
}

// policy is how a tenant wants its keys rotated.
func policy(t *tenants.Tenant) keys.Policy {
	return keys.Policy{Bits: t.KeyBits, Period: time.Duration(t.RotationPeriod) * time.Second, Paused: t.RotationPaused}
}
