package grants

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Failed attempts that one address may make for one client: so many at once,
// and one more for each interval. Several SDKs retry a wrong secret up to six
// times, so that fewer would punish an honest mistake.
const (
	failuresAtOnce  = 20
	failureInterval = 6 * time.Second
	attemptsKept    = 100_000
)

// Throttle slows down whoever guesses a client's secrets, without ever locking
// that client out: it counts failures by client and address, on this node.
type Throttle struct {
	mu       sync.Mutex
	limiters *lru.Cache[attempt, *rate.Limiter]
	now      func() time.Time
}

// attempt names who tries to be whom.
type attempt struct{ tenantID, clientID, address string }

// NewThrottle makes a Throttle.
func NewThrottle(now func() time.Time) *Throttle {
	limiters, err := lru.New[attempt, *rate.Limiter](attemptsKept)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &Throttle{limiters: limiters, now: now}
}

// Wait returns how long the next attempt must wait, 0 for not at all.
func (t *Throttle) Wait(a attempt) time.Duration {
	limiter, ok := t.limiters.Get(a)
	if !ok {
		return 0
	}
	missing := 1 - limiter.TokensAt(t.now())
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(failureInterval))
}

// Failed counts a failed attempt.
func (t *Throttle) Failed(a attempt) {
	t.mu.Lock()
	limiter, ok := t.limiters.Get(a)
	if !ok {
		limiter = rate.NewLimiter(rate.Every(failureInterval), failuresAtOnce)
		t.limiters.Add(a, limiter)
	}
	t.mu.Unlock()
	limiter.AllowN(t.now(), 1)
}
