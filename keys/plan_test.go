package keys_test

import (
	"cmp"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
)

// bench holds a set that is planned step by step, at a clock of its own.
type bench struct {
	*testing.T
	set   keys.Set
	now   time.Time
	kids  int
	bits  int
	fails error
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t, now: start, set: keys.Set{TenantID: tenant}, bits: 2048}
	b.do(keys.Ensure(b.set, []string{keys.RS256}, b.now, timing(), b.newKey))
	return b
}

func (b *bench) newKey(alg string) (keys.Key, error) {
	b.kids++
	key := keys.Key{TenantID: tenant, Kid: string(rune('a' + b.kids - 1)), Alg: alg}
	if alg == keys.RS256 || alg == keys.PS256 {
		key.Bits = b.bits
	}
	return key, b.fails
}

func (b *bench) do(set keys.Set, changed bool, err error) {
	b.Helper()
	if err != nil || !changed {
		b.Fatal(changed, err)
	}
	b.set = set
}

func (b *bench) tend(policy keys.Policy) (changed bool) {
	b.Helper()
	set, changed, err := keys.Tend(b.set, policy, b.now, timing(), b.newKey)
	if err != nil {
		b.Fatal(err)
	}
	b.set = set
	return changed
}

func (b *bench) rotate(o keys.RotateOptions) error {
	o.Alg = cmp.Or(o.Alg, keys.RS256)
	set, err := keys.Rotate(b.set, keys.Policy{}, o, b.now, timing(), b.newKey)
	b.set = set
	return err
}

func (b *bench) revoke(kid string) {
	b.Helper()
	set, err := keys.Revoke(b.set, kid, b.now, timing(), b.newKey)
	if err != nil {
		b.Fatal(err)
	}
	b.set = set
}

// is compares the states of the keys, written such as "a:retiring b:active".
func (b *bench) is(want string) {
	b.Helper()
	var states []string
	for _, key := range b.set.Keys {
		states = append(states, key.Kid+":"+string(key.State(b.now)))
	}
	if got := strings.Join(states, " "); got != want {
		b.Errorf("keys are %s, want %s", got, want)
	}
}

func (b *bench) key(kid string) keys.Key {
	b.Helper()
	for _, key := range b.set.Keys {
		if key.Kid == kid {
			return key
		}
	}
	b.Fatalf("no key %s", kid)
	return keys.Key{}
}

func (b *bench) signsAfter(kid string, want time.Duration) {
	b.Helper()
	if got := b.key(kid).ActiveAt.Sub(b.now); got != want {
		b.Errorf("%s signs in %s, want %s", kid, got, want)
	}
}

func (b *bench) tooEarly(err error, want time.Time) {
	b.Helper()
	var early *keys.TooEarlyError
	if !errors.As(err, &early) || !early.Earliest.Equal(want) {
		b.Errorf("%v, want too early until %s", err, want)
	}
}

func TestPlanningFailsWhole(t *testing.T) {
	b := newBench(t)
	b.fails = errors.New("no entropy")
	if err := b.rotate(keys.RotateOptions{}); !errors.Is(err, b.fails) || len(b.set.Keys) != 1 {
		t.Error(err, b.set)
	}
	same := func(string) (keys.Key, error) { return b.key("a"), nil }
	if _, err := keys.Rotate(b.set, keys.Policy{}, keys.RotateOptions{Alg: keys.RS256}, b.now, timing(), same); err == nil {
		t.Error("a kid may be used again")
	}
	other := func(alg string) (keys.Key, error) { return keys.Key{TenantID: "other", Kid: "z", Alg: alg}, nil }
	if _, err := keys.Rotate(b.set, keys.Policy{}, keys.RotateOptions{Alg: keys.RS256}, b.now, timing(), other); err == nil {
		t.Error("a key of another tenant was taken")
	}
}

func TestNextEvent(t *testing.T) {
	b := newBench(t)
	_ = b.rotate(keys.RotateOptions{})
	event := func(kid string) string {
		key := b.key(kid)
		e := keys.NextEvent(&key, b.now)
		if e == (keys.Event{}) {
			return ""
		}
		return e.Name + " in " + e.At.Sub(b.now).String()
	}
	check := func(kid, want string) {
		t.Helper()
		if got := event(kid); got != want {
			t.Errorf("%s: %q, want %q", kid, got, want)
		}
	}
	check("a", "retires in 24h0m0s")
	check("b", "signs in 24h0m0s")
	b.now = b.now.Add(24 * time.Hour)
	check("a", "removed in 24h2m30s")
	check("b", "")
	b.now = b.now.Add(25 * time.Hour)
	check("a", "")
	b.revoke("b")
	check("b", "")
}
