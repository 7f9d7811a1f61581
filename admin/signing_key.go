package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
)

// SigningKey is a key with what follows from its instants at present.
type SigningKey struct {
	keys.Key
	State keys.State `json:"state"`
	// ActiveAt is when the key begins to sign, nil while it waits for an order.
	ActiveAt *time.Time `json:"active_at"`
	// Age is how many seconds ago the key was published.
	Age int64 `json:"age"`
	// NextEvent is what happens to it next and when, nil if nothing is planned.
	NextEvent *KeyEvent `json:"next_event"`
}

// KeyEvent is what happens to a key: it is published, signs, retires or is
// removed.
type KeyEvent struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// RotationOrder is an order to rotate.
type RotationOrder struct {
	Alg         string `json:"alg"`         // empty: the tenant's
	Immediately bool   `json:"immediately"` // promote the published key now, if verifiers can know it
	Force       bool   `json:"force"`       // with Immediately: also if they cannot
}

// SigningKeys lists a tenant's keys in the order in which they sign; it needs
// keys:read.
func (s *Service) SigningKeys(ctx context.Context, a Actor, slug string, q Query) (Page[SigningKey], error) {
	t, err := s.reach(ctx, a, "keys:read", slug)
	if err != nil {
		return Page[SigningKey]{}, err
	}
	set, err := s.store.KeySet(ctx, t.ID)
	if err != nil {
		return Page[SigningKey]{}, err
	}
	return held(ctx, s, listing[SigningKey]{
		name: "signing_keys", tenantID: t.ID,
		key: func(k *SigningKey) string { return sorting(&k.Key.ActiveAt) + k.Kid },
	}, s.shown(set), q)
}

// shown describes a set's keys.
func (s *Service) shown(set keys.Set) []SigningKey {
	now := s.instant()
	list := make([]SigningKey, len(set.Keys))
	for i := range set.Keys {
		key := &set.Keys[i]
		list[i] = SigningKey{Key: *key, State: key.State(now), Age: int64(now.Sub(key.PublishedAt) / time.Second)}
		if !key.ActiveAt.Equal(keys.Never()) {
			list[i].ActiveAt = &key.ActiveAt
		}
		if next := keys.NextEvent(key, now); next.Name != "" {
			list[i].NextEvent = &KeyEvent{Name: next.Name, At: next.At}
		}
	}
	slices.SortStableFunc(list, func(a, b SigningKey) int { return a.Key.ActiveAt.Compare(b.Key.ActiveAt) })
	return list
}

// RotateKey has another key sign: the published successor after its lead, or
// at once where the order says so. Before verifiers can know that one it
// answers too_early, with "earliest" in Details, and publishes a successor
// where there is none; force overrides. It returns all keys, and needs
// keys:write.
func (s *Service) RotateKey(ctx context.Context, a Actor, slug string, o RotationOrder) (Page[SigningKey], error) {
	t, err := s.reach(ctx, a, "keys:write", slug)
	if err != nil {
		return Page[SigningKey]{}, err
	}
	if o.Alg == "" {
		o.Alg = t.SigningAlg
	}
	if err := checkChoice("alg", o.Alg, keys.Algs()); err != nil {
		return Page[SigningKey]{}, err
	}
	if o.Force && !o.Immediately {
		return Page[SigningKey]{}, Errorf(CodeInvalid, "force", "goes with immediately only")
	}
	wanted := policy(t)
	if wanted.Algs, err = s.signingAlgs(ctx, t); err != nil {
		return Page[SigningKey]{}, err
	}
	details := map[string]any{"alg": o.Alg, "immediately": o.Immediately, "force": o.Force}
	change := keyChange{actor: a, tenant: t, action: "key.rotate", target: o.Alg, details: details}
	set, err := s.changeKeys(ctx, change, func(set keys.Set, newKey keys.NewKey) (keys.Set, error) {
		if err := checkLiveKeys(set, o.Alg, s.now()); err != nil {
			return set, err
		}
		return keys.Rotate(set, wanted, keys.RotateOptions(o), s.now(), s.cfg.Timing, newKey)
	})
	if err != nil {
		return Page[SigningKey]{}, keyError(err, "")
	}
	return Page[SigningKey]{Items: s.shown(set)}, nil
}

// maxLiveKeys bounds the keys of an algorithm in a JWKS to which orders to rotate may
// add: every verifier fetches them all. No operator in an emergency comes near it.
const maxLiveKeys = 250

// checkLiveKeys answers a *keys.TooEarlyError where there are as many keys of the algorithm as
// there may be, until the first of them is gone.
func checkLiveKeys(set keys.Set, alg string, now time.Time) error {
	live, earliest := 0, keys.Never()
	for i := range set.Keys {
		k := &set.Keys[i]
		if k.Alg != alg || k.State(now) == keys.Gone {
			continue
		}
		live++
		if k.RemoveAt != nil && k.RemoveAt.Before(earliest) {
			earliest = *k.RemoveAt
		}
	}
	if live < maxLiveKeys {
		return nil
	}
	return &keys.TooEarlyError{
		Earliest: earliest, Then: "possible from",
		Reason: fmt.Sprintf("the JWKS has %d keys of %s, as many as are allowed, until the first of them is gone", live, alg),
	}
}

// RevokeKey takes a key out of use at once, on every node within a second,
// and has another one sign. It needs keys:write. Revoking a revoked key again
// changes nothing and answers the same. Once the key is revoked there is no
// error any more: what cannot be told of it is a ReportError.
func (s *Service) RevokeKey(ctx context.Context, a Actor, slug, kid string) (*Revocation, error) {
	t, err := s.reach(ctx, a, "keys:write", slug)
	if err != nil {
		return nil, err
	}
	change := keyChange{actor: a, tenant: t, action: "key.revoke", target: kid}
	set, err := s.changeKeys(ctx, change, func(set keys.Set, newKey keys.NewKey) (keys.Set, error) {
		return keys.Revoke(set, kid, s.now(), policy(t).Timing(s.cfg.Timing), newKey)
	})
	if err != nil {
		return nil, keyError(err, kid)
	}
	// Read after the revocation, so that nothing signed before it is missing.
	return s.revocation(ctx, set, kid), nil
}

// DeleteKey deletes a key. Before the last token that it signed can have
// expired it answers too_early, with "earliest" in Details, and in_use for a
// key that has no successor yet. It needs keys:write.
func (s *Service) DeleteKey(ctx context.Context, a Actor, slug, kid string) error {
	t, err := s.reach(ctx, a, "keys:write", slug)
	if err != nil {
		return err
	}
	change := keyChange{actor: a, tenant: t, action: "key.delete", target: kid}
	_, err = s.changeKeys(ctx, change, func(set keys.Set, _ keys.NewKey) (keys.Set, error) {
		return keys.Delete(set, kid, s.now())
	})
	return keyError(err, kid)
}

// keyError turns what package keys refuses about a key into an *Error.
func keyError(err error, kid string) error {
	var early *keys.TooEarlyError
	switch {
	case errors.As(err, &early):
		return &Error{Code: CodeTooEarly, Message: early.Error(), Details: map[string]any{"earliest": early.Earliest}, Err: err}
	case errors.Is(err, keys.ErrUnknownKey):
		return &Error{Code: CodeNotFound, Message: "there is no such key: " + quoted(kid), Err: err}
	case errors.Is(err, keys.ErrKeyInUse):
		return &Error{Code: CodeInUse, Message: "the key signs or is going to: rotate or revoke it before", Err: err}
	}
	return refused(err, "key set", "")
}
