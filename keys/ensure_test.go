package keys_test

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
)

// ensure asks for algorithms, as a token does.
func (b *bench) ensure(algs ...string) (changed bool) {
	b.Helper()
	set, changed, err := keys.Ensure(b.set, algs, b.now, timing(), b.newKey)
	if err != nil {
		b.Fatal(err)
	}
	b.set = set
	return changed
}

// leaked takes back all keys that were made before now.
func (b *bench) leaked(before time.Time) (kids []string) {
	b.Helper()
	set, kids, err := keys.RevokeOlder(b.set, before, b.now, timing())
	if err != nil {
		b.Fatal(err)
	}
	b.set = set
	return kids
}

func TestFirstKeysOfEveryAlgorithmSignAtOnce(t *testing.T) {
	b := &bench{T: t, now: start, set: keys.Set{TenantID: tenant}, bits: 2048}
	b.ensure(keys.EdDSA, keys.RS256, keys.EdDSA)
	b.is("a:active b:active")
	back := b.now.Add(-timing().Skew)
	for _, key := range b.set.Keys {
		if key.State(back) != keys.Active || !key.CreatedAt.Equal(b.now) {
			t.Errorf("%s signs from %s on, made at %s", key.Kid, key.ActiveAt, key.CreatedAt)
		}
	}
	if b.ensure(keys.EdDSA, keys.RS256) {
		t.Error("changed again")
	}
	b.ensure(keys.ES256) // a third one comes while others sign
	b.is("a:active b:active c:next")
	b.signsAfter("c", timing().Lead)
	if b.ensure(keys.ES256) {
		t.Error("the key that waits is not enough")
	}
}

// Each algorithm that signed before a leak signs again with its next token,
// also where another algorithm's key was made since.
func TestKeysThatWereTakenBackAreReplacedAtOnce(t *testing.T) {
	b := newBench(t)
	b.ensure(keys.ES256)
	b.now = b.now.Add(timing().Lead)
	b.ensure(keys.EdDSA)
	leak := b.now.Add(time.Second)
	b.now = leak.Add(timing().Lead)
	b.is("a:active b:active c:active")
	b.ensure(keys.PS256)
	b.leaked(leak)
	b.is("a:gone b:gone c:gone d:next")
	b.ensure(keys.ES256, keys.EdDSA, keys.PS256)
	b.is("a:gone b:gone c:gone d:active e:active f:active")
	b.now = b.now.Add(time.Hour)
	b.ensure(keys.RS256)
	b.is("a:gone b:gone c:gone d:active e:active f:active g:active")
}

// The successor that was made since the leak needs nobody to make it.
func TestLeakPromotesWhatWasMadeSince(t *testing.T) {
	b := newBench(t)
	leak := b.now.Add(time.Minute)
	b.now = b.now.Add(time.Hour)
	b.tend(keys.Policy{})
	b.is("a:active b:next")
	b.leaked(leak)
	b.is("a:gone b:active")
	if promoted := b.key("b"); promoted.State(b.now.Add(-timing().Skew)) != keys.Active {
		t.Error("a node whose clock lags has no key")
	}
}

func TestLeakMayBeTakenBackAgain(t *testing.T) {
	b := newBench(t)
	b.tend(keys.Policy{})
	b.now = b.now.Add(time.Hour)
	b.revoke("a") // known to have leaked already
	b.is("a:gone b:active c:next")
	leak := b.now.Add(time.Second)
	b.now = leak
	for range 2 {
		if kids := b.leaked(leak); len(kids) != 2 {
			t.Errorf("took back %v, want b and c", kids)
		}
		b.ensure(keys.RS256)
		b.is("a:gone b:gone c:gone d:active")
		b.now = b.now.Add(time.Second)
	}
}

// The scheduler replaces what was taken back where no token asks for it.
func TestTendReplacesWhatWasTakenBack(t *testing.T) {
	b := newBench(t)
	b.ensure(keys.ES256)
	b.now = b.now.Add(time.Hour)
	b.leaked(b.now)
	if due := keys.Due(b.set, b.now); !due.Equal(b.now) {
		t.Errorf("due at %s", due)
	}
	b.tend(keys.Policy{})
	b.is("a:gone b:gone c:active d:active e:next f:next") // nothing signed that another key could stand in for
	if b.tend(keys.Policy{}) {
		t.Error("changed again")
	}
	if due := keys.Due(b.set, b.now); !due.After(b.now) {
		t.Errorf("due again at %s", due)
	}
}
