package grants

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sony/gobreaker/v2"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// An endpoint that failed so often without a break is left alone for a while on
// this node, and may have so many requests before it at once.
const (
	failuresInARow = 5
	leftAlone      = 10 * time.Second
	askedAtOnce    = 20
	endpointsKept  = 10_000
)

// Poster sends a body to an https URL and returns the status and body of the
// answer; fetch.Client is one. Time and size are bounded, and what is reached.
type Poster interface {
	Post(ctx context.Context, url, contentType string, body []byte) (status int, answer []byte, err error)
}

// endpoints asks tenants' endpoints, and spares those that fail.
type endpoints struct {
	poster Poster
	mu     sync.Mutex
	kept   *lru.Cache[endpointOf, *endpoint]
}

// endpointOf keeps tenants apart that have the same endpoint: none of them can
// have it left alone for another.
type endpointOf struct{ tenantID, url string }

type endpoint struct {
	breaker *gobreaker.CircuitBreaker[*reply]
	slots   chan struct{}
}

// reply is what an endpoint said: one of the two.
type reply struct {
	decision *decision
	refusal  *oauth.Error
}

func newEndpoints(poster Poster) *endpoints {
	kept, err := lru.New[endpointOf, *endpoint](endpointsKept)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &endpoints{poster: poster, kept: kept}
}

func (e *endpoints) of(key endpointOf) *endpoint {
	e.mu.Lock()
	defer e.mu.Unlock()
	if one, ok := e.kept.Get(key); ok {
		return one
	}
	one := &endpoint{slots: make(chan struct{}, askedAtOnce), breaker: gobreaker.NewCircuitBreaker[*reply](gobreaker.Settings{
		Timeout:     leftAlone,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failuresInARow },
		IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) }, // our own client went away
	})}
	e.kept.Add(key, one)
	return one
}

// errBusy means that too many requests wait for an endpoint.
var errBusy = errors.New("too many requests wait for it")

// ask returns the decision of a tenant's endpoint, its refusal as *oauth.Error.
// What keeps it from deciding is temporarily_unavailable or, where it answers
// what cannot be understood, server_error.
func (e *endpoints) ask(ctx context.Context, tenantID string, g *tenants.RemoteGrant, signed string) (*decision, error) {
	one := e.of(endpointOf{tenantID, g.Endpoint})
	select {
	case one.slots <- struct{}{}:
		defer func() { <-one.slots }()
	default:
		return nil, away(g, errBusy)
	}
	said, err := one.breaker.Execute(func() (*reply, error) { return e.send(ctx, g, signed) })
	switch {
	case errors.Is(err, errMisunderstood):
		return nil, &oauth.Error{Code: oauth.ServerError, Reason: oauth.ReasonInternal, Description: "the request could not be answered", Err: named(g, err)}
	case err != nil:
		return nil, away(g, err)
	case said.refusal != nil:
		return nil, said.refusal
	}
	return said.decision, nil
}

func away(g *tenants.RemoteGrant, err error) error {
	return &oauth.Error{
		Code: oauth.TemporarilyUnavailable, Reason: oauth.ReasonInternal, Description: "who decides about this grant is away, try again",
		RetryAfter: leftAlone, Err: named(g, err),
	}
}

func named(g *tenants.RemoteGrant, err error) error {
	return fmt.Errorf("the endpoint of the grant %s: %w", g.GrantType, err)
}

// errMisunderstood means that an answer is not what it must be.
var errMisunderstood = errors.New("its answer cannot be understood")

// send asks once. Refusals are no errors.
func (e *endpoints) send(ctx context.Context, g *tenants.RemoteGrant, signed string) (*reply, error) {
	status, body, err := e.poster.Post(ctx, g.Endpoint, "application/jwt", []byte(signed))
	if err != nil {
		return nil, err
	}
	said := &reply{}
	switch status {
	case http.StatusOK:
		said.decision, err = readDecision(body)
	case http.StatusBadRequest, http.StatusForbidden:
		said.refusal, err = readRefusal(body)
	default:
		return nil, fmt.Errorf("it answers with status %d", status)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMisunderstood, err)
	}
	return said, nil
}
