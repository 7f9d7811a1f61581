package keys

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// NewKey makes a new key for an algorithm, without instants. The functions
// that plan call it only for keys that they put into the set.
type NewKey func(alg string) (Key, error)

// TooEarlyError refuses what would make tokens fail to verify until Earliest.
type TooEarlyError struct {
	Earliest time.Time
	Reason   string
	Then     string // what can be done then, up to the instant: "possible from"
}

func (e *TooEarlyError) Error() string {
	second := e.Earliest.Add(time.Second - 1).Truncate(time.Second) // no sooner
	return fmt.Sprintf("%s: %s %s", e.Reason, e.Then, second.UTC().Format(time.RFC3339))
}

// ErrKeyInUse refuses the deletion of a key that signs or is going to.
var ErrKeyInUse = errors.New("key signs or is going to: rotate or revoke it")

// Never is the ActiveAt of a published key that waits for an order.
func Never() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// SigningKey returns the key that signs for alg at now, nil for none.
func SigningKey(set Set, alg string, now time.Time) *Key {
	var found *Key
	for i := range set.Keys {
		key := &set.Keys[i]
		if key.Alg == alg && key.State(now) == Active && (found == nil || byActivation(*found, *key) < 0) {
			found = key
		}
	}
	return found
}

// StandIn returns the key of another algorithm that signs while no key for alg
// does, as its first one waits for its lead; nil where there is no need, or none.
func StandIn(set Set, alg string, now time.Time) *Key {
	if SigningKey(set, alg, now) != nil {
		return nil
	}
	for _, other := range Algs() {
		if key := SigningKey(set, other, now); key != nil {
			return key
		}
	}
	return nil
}

// Successor returns the key that takes over for alg after now, nil for none.
func Successor(set Set, alg string, now time.Time) *Key {
	var found *Key
	for i := range set.Keys {
		key := &set.Keys[i]
		if key.Alg == alg && inPlay(key, now) && key.ActiveAt.After(now) && (found == nil || byActivation(*key, *found) < 0) {
			found = key
		}
	}
	return found
}

// inPlay reports whether the key is neither revoked nor removed, and has a
// time to sign: another key may have taken its place before.
func inPlay(k *Key, now time.Time) bool {
	withdrawn := k.RetireAt != nil && !k.RetireAt.After(k.ActiveAt)
	return k.RevokedAt == nil && !withdrawn && (k.RemoveAt == nil || now.Before(*k.RemoveAt))
}

func byActivation(a, b Key) int {
	return cmp.Or(a.ActiveAt.Compare(b.ActiveAt), cmp.Compare(a.Kid, b.Kid))
}

// planner changes a copy of a Set.
type planner struct {
	set    Set
	now    time.Time
	timing Timing
	newKey NewKey
}

// newPlanner copies set. Instants are kept as exactly as every database does.
func newPlanner(set Set, now time.Time, t Timing, newKey NewKey) *planner {
	set.Keys = slices.Clone(set.Keys)
	return &planner{set: set, now: now.UTC().Truncate(time.Microsecond), timing: t, newKey: newKey}
}

// publish adds a new key and returns where it is in the set.
func (p *planner) publish(alg string, publishedAt, activeAt time.Time) (*Key, error) {
	key, err := p.newKey(alg)
	if err != nil {
		return nil, err
	}
	if key.Alg != alg || key.TenantID != p.set.TenantID {
		return nil, fmt.Errorf("new key %s is of %s and tenant %s, not of %s and %s", key.Kid, key.Alg, key.TenantID, alg, p.set.TenantID)
	}
	if find(p.set.Keys, key.Kid) != nil {
		return nil, fmt.Errorf("kid %s was used before", key.Kid)
	}
	key.CreatedAt, key.PublishedAt, key.ActiveAt = p.now, publishedAt, activeAt
	key.RetireAt, key.RemoveAt, key.RevokedAt, key.Ordered = nil, nil, nil, false
	p.set.Keys = append(p.set.Keys, key)
	return &p.set.Keys[len(p.set.Keys)-1], nil
}

// publishSuccessor adds the key that follows the one that signs for alg, by
// order or by the schedule, and links them.
func (p *planner) publishSuccessor(alg string, activeAt time.Time, ordered bool) error {
	key, err := p.publish(alg, p.now, activeAt)
	if err != nil {
		return err
	}
	key.Ordered = ordered
	p.link(alg)
	return nil
}

// scheduled returns when the key that follows active is due, if it is or was
// published at that instant.
func (p *planner) scheduled(active *Key, publishedAt time.Time) time.Time {
	if p.timing.Period == 0 {
		return Never()
	}
	due := active.ActiveAt.Add(p.timing.Period + jitter(p.set.TenantID, active.Alg, p.timing.Period))
	return latest(due, publishedAt.Add(p.timing.lead()))
}

// jitter spreads the rotations of tenants over a tenth of the period each way.
func jitter(tenantID, alg string, period time.Duration) time.Duration {
	sum := sha256.Sum256(appendParts(nil, tenantID, alg))
	share := float64(binary.BigEndian.Uint32(sum[:]))/(1<<31) - 1
	return time.Duration(share * float64(period) / 10).Truncate(time.Second)
}

// link makes each key of alg retire when the next one takes over. A key that
// has retired already is only ever cut shorter, and none leaves the JWKS
// before the last token that it can have signed has expired.
func (p *planner) link(alg string) {
	var chain []*Key
	for i := range p.set.Keys {
		if key := &p.set.Keys[i]; key.Alg == alg && inPlay(key, p.now) {
			chain = append(chain, key)
		}
	}
	slices.SortFunc(chain, func(a, b *Key) int { return byActivation(*a, *b) })
	for i, key := range chain {
		retired := key.RetireAt != nil && !p.now.Before(*key.RetireAt)
		switch {
		case i+1 < len(chain) && !chain[i+1].ActiveAt.Equal(Never()):
			if at := chain[i+1].ActiveAt; !retired || at.Before(*key.RetireAt) {
				p.retire(key, at)
			}
		case !retired:
			key.RetireAt, key.RemoveAt = nil, nil
		}
	}
}

// retire sets when key stops signing, which may lie in the past by a skew.
func (p *planner) retire(key *Key, at time.Time) {
	if key.RetireAt != nil && key.RetireAt.Equal(at) {
		return
	}
	remove := latest(at, p.now).Add(p.timing.Afterlife()) // until now it may have signed
	key.RetireAt, key.RemoveAt = &at, &remove
}

func find(keys []Key, kid string) *Key {
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Kid == kid })
	if i < 0 {
		return nil
	}
	return &keys[i]
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
