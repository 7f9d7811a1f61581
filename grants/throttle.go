package grants

import (
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Failed attempts that one address may make: so many at once, and one more for each
// interval.
const (
	// For one client by its secret. Several SDKs retry a wrong one up to six times,
	// so that fewer would punish an honest mistake.
	secretsAtOnce = 20
	// For one client by assertions, and for a tenant's people, API keys and devices
	// each: what nobody guesses, or what many share an address for.
	othersAtOnce    = 100
	failureInterval = 6 * time.Second
	attemptsKept    = 100_000
)

// Throttle slows down whoever guesses, without ever locking anybody out who is
// elsewhere: it counts failures by address, and by client for clients' secrets, on
// this node.
type Throttle struct {
	mu       sync.Mutex
	limiters *lru.Cache[attempt, *rate.Limiter]
	now      func() time.Time
}

// attempt names who tries to be whom, and how many may fail at once.
type attempt struct {
	tenantID, clientID, address string
	atOnce                      int
}

// longestTried is how much of a client_id tells attempts apart, in octets: no
// client's is longer.
const longestTried = 128

// asClient names who tries to be a client, of which it is not known that there is
// such a one: each that the credentials may mean, so that no spelling of a client_id
// has a count of its own.
func asClient(tenantID string, c oauth.Credentials, address string) []attempt {
	atOnce := secretsAtOnce
	if c.Assertion != "" {
		atOnce = othersAtOnce
	}
	var all []attempt
	for _, pair := range c.Readings {
		one := attempt{tenantID, pair.ClientID[:min(len(pair.ClientID), longestTried)], source(address), atOnce}
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// Attempts to be a person, or to have one asked, have one of these in place of a
// client. No client has such an id.
const (
	asPerson = "\x00person"
	asAPIKey = "\x00api_key"
	asDevice = "\x00device"
)

// byAddress names who tries to be anybody of a tenant's.
func byAddress(tenantID, as, address string) attempt {
	return attempt{tenantID, as, source(address), othersAtOnce}
}

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

// Longest returns the longest that the next of the attempts must wait.
func (t *Throttle) Longest(of []attempt) (wait time.Duration) {
	for _, a := range of {
		wait = max(wait, t.Wait(a))
	}
	return wait
}

// Failed counts failed attempts.
func (t *Throttle) Failed(of []attempt) {
	for _, a := range of {
		t.Take(a)
	}
}

// Take counts an attempt as failed before anybody knows, and returns 0; or it
// counts none and returns how long the next must wait. Attempts at once cannot
// outrun it.
func (t *Throttle) Take(a attempt) time.Duration {
	t.mu.Lock()
	limiter, ok := t.limiters.Get(a)
	if !ok {
		limiter = rate.NewLimiter(rate.Every(failureInterval), a.atOnce)
		a.clientID = strings.Clone(a.clientID) // which would keep the whole request in memory
		t.limiters.Add(a, limiter)
	}
	t.mu.Unlock()
	if limiter.AllowN(t.now(), 1) {
		return 0
	}
	return max(t.Wait(a), time.Nanosecond)
}

// GiveBack takes back what Take counted, for an attempt that did not fail.
func (t *Throttle) GiveBack(a attempt) {
	if limiter, ok := t.limiters.Get(a); ok {
		limiter.AllowN(t.now(), -1)
	}
}

// slowDown answers how long to wait after too many failures.
func slowDown(wait time.Duration, what string) error {
	e := oauth.Errorf(oauth.SlowDown, oauth.ReasonThrottled, "too many %s", what)
	e.RetryAfter = wait
	return e
}
