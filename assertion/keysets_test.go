package assertion_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

// host publishes a JWKS; its clock is that of who asks.
type host struct {
	mu    sync.Mutex
	now   time.Time
	body  string
	fresh time.Duration
	err   error
	asked int
	began chan struct{} // where there is one, an answer is announced here
	hold  chan struct{} // and waits until this is closed
}

func (h *host) Get(ctx context.Context, _ string) ([]byte, time.Duration, error) {
	h.mu.Lock()
	h.asked++
	body, fresh, err := h.body, h.fresh, h.err
	h.mu.Unlock()
	if h.hold != nil {
		h.began <- struct{}{}
		<-h.hold
	}
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	return []byte(body), fresh, err
}

func (h *host) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *host) passes(d time.Duration) { h.mu.Lock(); h.now = h.now.Add(d); h.mu.Unlock() }

func newHost(t testing.TB, kids ...string) *host {
	h := &host{now: now, fresh: -1}
	h.publish(t, kids...)
	return h
}

func (h *host) publish(t testing.TB, kids ...string) {
	h.body = `{"keys":[`
	for i, kid := range kids {
		if i > 0 {
			h.body += ","
		}
		h.body += string(jwk(t, keyOf(t, "RS256", keystest.RSA(2048, 0)), "kid", kid))
	}
	h.body += `]}`
}

// has is satisfied by a key of that id.
func has(kid string) func([]assertion.Key) bool {
	return func(list []assertion.Key) bool {
		for _, key := range list {
			if key.ID == kid {
				return true
			}
		}
		return false
	}
}

// ask reports whether there is a key of that id.
func ask(t *testing.T, k *assertion.Keysets, kid string) (bool, error) {
	t.Helper()
	list, err := k.Keys(t.Context(), "t", "https://client.example/jwks", has(kid))
	return has(kid)(list), err
}

func TestKeysAreFetchedOnceWhileTheyAreFresh(t *testing.T) {
	for _, test := range []struct {
		said, want time.Duration
	}{{-1, 10 * time.Minute}, {0, time.Minute}, {5 * time.Second, time.Minute}, {2 * time.Minute, 2 * time.Minute}, {24 * time.Hour, time.Hour}} {
		h := newHost(t, "a")
		h.fresh = test.said
		k := assertion.NewKeysets(h, h.clock)
		for range 3 {
			if found, err := ask(t, k, "a"); !found || err != nil {
				t.Fatal(found, err)
			}
		}
		h.passes(test.want - time.Second)
		if ask(t, k, "a"); h.asked != 1 {
			t.Errorf("max-age %v: asked %d times within %v", test.said, h.asked, test.want)
		}
		h.passes(time.Second)
		if ask(t, k, "a"); h.asked != 2 {
			t.Errorf("max-age %v: asked %d times after %v", test.said, h.asked, test.want)
		}
	}
}

func TestAnUnknownKeyIsLookedForEvery30Seconds(t *testing.T) {
	h := newHost(t, "a")
	k := assertion.NewKeysets(h, h.clock)
	ask(t, k, "a")
	for range 50 {
		if found, err := ask(t, k, "b"); found || err != nil {
			t.Fatal(found, err)
		}
	}
	if h.asked != 2 { // once more, as it may just have been replaced
		t.Errorf("asked %d times at once", h.asked)
	}
	h.publish(t, "a", "b")
	h.passes(30*time.Second - 1)
	if ask(t, k, "b"); h.asked != 2 {
		t.Errorf("asked %d times within 30 s", h.asked)
	}
	h.passes(1)
	if found, _ := ask(t, k, "b"); !found || h.asked != 3 {
		t.Errorf("after 30 s: %v, asked %d times", found, h.asked)
	}
}

func TestAReplacedKeyIsFoundAtOnce(t *testing.T) {
	h := newHost(t, "a")
	k := assertion.NewKeysets(h, h.clock)
	ask(t, k, "a")
	h.publish(t, "b")
	if found, _ := ask(t, k, "b"); !found || h.asked != 2 {
		t.Errorf("%v, asked %d times", found, h.asked)
	}
}

func TestKeysThatAreTakenAwayEnd(t *testing.T) {
	h := newHost(t, "a", "b")
	k := assertion.NewKeysets(h, h.clock)
	ask(t, k, "a")
	h.publish(t, "b")
	h.passes(10 * time.Minute)
	if found, err := ask(t, k, "a"); found || err != nil {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestGoodKeysSurviveTheirHostForAWhile(t *testing.T) {
	h := newHost(t, "a")
	k := assertion.NewKeysets(h, h.clock)
	ask(t, k, "a")
	h.err = errors.New("away")
	for range 23 {
		h.passes(10 * time.Minute)
		if found, err := ask(t, k, "a"); !found || err != nil {
			t.Fatalf("%v after the last answer: %v, %v", h.now.Sub(now), found, err)
		}
	}
	asked := h.asked
	if ask(t, k, "a"); h.asked != asked {
		t.Error("a host that is away is asked for each request")
	}
	h.passes(10 * time.Minute)
	if found, err := ask(t, k, "a"); found || !errors.Is(err, h.err) {
		t.Errorf("4 h after the last answer: %v, %v", found, err)
	}
	h.err, h.body = nil, "<html>"
	h.passes(30 * time.Second)
	if _, err := ask(t, k, "a"); err == nil {
		t.Error("nonsense counts as keys")
	}
	h.publish(t, "a")
	h.passes(30 * time.Second)
	if found, err := ask(t, k, "a"); !found || err != nil {
		t.Errorf("when the host is back: %v, %v", found, err)
	}
}

func TestClassGAKeysetBelongsToItsTenant(t *testing.T) {
	h := newHost(t, "a")
	k := assertion.NewKeysets(h, h.clock)
	for _, tenant := range []string{"one", "two", "one"} {
		if _, err := k.Keys(t.Context(), tenant, "https://client.example/jwks", has("a")); err != nil {
			t.Fatal(err)
		}
	}
	if h.asked != 2 {
		t.Errorf("asked %d times for two tenants", h.asked)
	}
}

func TestOneFetchServesAllWhoWaitAndWhoGivesUpSpoilsNothing(t *testing.T) {
	h := newHost(t, "a")
	h.began, h.hold = make(chan struct{}, 2), make(chan struct{})
	k := assertion.NewKeysets(h, h.clock)
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { _, _ = k.Keys(ctx, "t", "https://client.example/jwks", has("a")) })
	<-h.began
	for range 20 {
		wait.Go(func() {
			if found, err := ask(t, k, "a"); !found || err != nil {
				t.Errorf("got %v, %v", found, err)
			}
		})
	}
	cancel()
	if _, err := k.Keys(ctx, "t", "https://client.example/jwks", has("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	close(h.hold)
	wait.Wait()
	if h.asked != 1 {
		t.Errorf("asked %d times", h.asked)
	}
}

// Who asks for a key that nobody has holds nobody up whose key is known.
func TestKnownKeysWaitForNoFetch(t *testing.T) {
	h := newHost(t, "a")
	k := assertion.NewKeysets(h, h.clock)
	ask(t, k, "a")
	h.began, h.hold = make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() { _, _ = ask(t, k, "b") })
	<-h.began
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if list, err := k.Keys(over, "t", "https://client.example/jwks", has("a")); err != nil || !has("a")(list) {
		t.Errorf("got %v, %v", list, err)
	}
	close(h.hold)
	wait.Wait()
}
