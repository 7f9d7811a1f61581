package passwords

import (
	"context"
	"errors"
	"runtime"
	"sync"
)

// ErrBusy means that too many passwords wait to be hashed already: the same
// call may work in a second.
var ErrBusy = errors.New("too many passwords are being checked")

// How many callers may wait for each slot, and how many of them on behalf of the
// same: so that nobody can keep all others away, and none waits for long.
const (
	waiting    = 64
	waitingFor = 16
)

// Hasher hashes and verifies passwords, a bounded number at once, so that a
// storm of them leaves the better part of the machine to others.
type Hasher struct {
	slots chan struct{}
	cost  Cost
	dummy string

	mu    sync.Mutex
	all   int            // who waits or hashes
	parts map[string]int // the same by whom it is on behalf of
}

// Slots is how many passwords a machine should hash at once: half its cores, 4
// at most.
func Slots() int { return min(max(runtime.GOMAXPROCS(0)/2, 1), 4) }

// NewHasher makes a Hasher of that many slots, whose hashes have that cost.
func NewHasher(slots int, cost Cost) (*Hasher, error) {
	dummy, err := cost.hash("nobody has this password")
	if err != nil {
		return nil, err
	}
	return &Hasher{slots: make(chan struct{}, slots), parts: map[string]int{}, cost: cost, dummy: dummy}, nil
}

// Slot is the right to hash. It is good for one goroutine.
type Slot struct {
	hasher *Hasher
	of     []string
}

// Acquire waits for a slot, which must be released. of names on whose behalf, such
// as a tenant and an address: it answers ErrBusy at once where too many wait
// already on behalf of one of them, or altogether, and ctx's error when that ends.
func (h *Hasher) Acquire(ctx context.Context, of ...string) (*Slot, error) {
	if !h.enter(of) {
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return &Slot{h, of}, nil
	case <-ctx.Done():
		h.leave(of)
		return nil, ctx.Err()
	}
}

// enter counts a caller, unless there are too many.
func (h *Hasher) enter(of []string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all >= cap(h.slots)*(1+waiting) {
		return false
	}
	for _, name := range of {
		if h.parts[name] >= cap(h.slots)*(1+waitingFor) {
			return false
		}
	}
	h.all++
	for _, name := range of {
		h.parts[name]++
	}
	return true
}

func (h *Hasher) leave(of []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all--
	for _, name := range of {
		if h.parts[name]--; h.parts[name] == 0 {
			delete(h.parts, name)
		}
	}
}

// Release gives the slot back; a second call does nothing.
func (s *Slot) Release() {
	if s.hasher != nil {
		<-s.hasher.slots
		s.hasher.leave(s.of)
		s.hasher = nil
	}
}

// Hash returns the hash of a password, in the PHC string format.
func (s *Slot) Hash(password string) (string, error) { return s.hasher.cost.hash(password) }

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
	return match, match && p.cost != s.hasher.cost
}
