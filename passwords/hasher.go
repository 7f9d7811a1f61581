package passwords

import (
	"context"
	"errors"
	"runtime"
)

// ErrBusy means that too many passwords wait to be hashed already: the same
// call may work in a second.
var ErrBusy = errors.New("too many passwords are being checked")

// waiting is how many callers may wait for each slot: well below a second's
// work.
const waiting = 16

// Hasher hashes and verifies passwords, a bounded number at once, so that a
// storm of them leaves the better part of the machine to others.
type Hasher struct {
	slots chan struct{}
	queue chan struct{}
	dummy string
}

// Slots is how many passwords a machine should hash at once: half its cores, 4
// at most.
func Slots() int { return min(max(runtime.GOMAXPROCS(0)/2, 1), 4) }

// NewHasher makes a Hasher of that many slots.
func NewHasher(slots int) (*Hasher, error) {
	dummy, err := hash("nobody has this password")
	if err != nil {
		return nil, err
	}
	return &Hasher{slots: make(chan struct{}, slots), queue: make(chan struct{}, slots*(1+waiting)), dummy: dummy}, nil
}

// Slot is the right to hash. It is good for one goroutine.
type Slot struct{ hasher *Hasher }

// Acquire waits for a slot, which must be released. It answers ErrBusy at once
// where too many wait already, and ctx's error when that ends.
func (h *Hasher) Acquire(ctx context.Context) (*Slot, error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return &Slot{h}, nil
	case <-ctx.Done():
		<-h.queue
		return nil, ctx.Err()
	}
}

// Release gives the slot back; a second call does nothing.
func (s *Slot) Release() {
	if s.hasher != nil {
		<-s.hasher.slots
		<-s.hasher.queue
		s.hasher = nil
	}
}

// Hash returns the hash of a password, in the PHC string format.
func (s *Slot) Hash(password string) (string, error) { return hash(password) }

// Verify reports whether the password is the one that the hash was made of, and
// whether it should be hashed anew. An empty or unreadable hash costs what one
// of ours does, and matches nothing.
func (s *Slot) Verify(hash, password string) (match, outdated bool) {
	p, err := parse(hash)
	if err != nil || p.limit > 0 && len(password) > p.limit || TooLong(password) {
		p, _ = parse(s.hasher.dummy)
		p.Match(password[:min(len(password), MaxLength)])
		return false, false
	}
	match = p.Match(password)
	return match, match && !p.ours
}
