package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// answer is what came of one request for a token.
type answer struct {
	began, ended time.Time
	node         *node // nil for whichever
	status       int   // 0: no answer
	retryAfter   string
	token, kid   string
	err          error // why there is no answer, or what a verifier had against the token
}

func (a answer) String() string {
	return fmt.Sprintf("%s +%s: status %d, kid %s, %v", a.began.Format("15:04:05.000"), a.ended.Sub(a.began).Round(time.Millisecond), a.status, a.kid, a.err)
}

// asker asks for tokens as one client.
type asker struct {
	client
	balancer *balancer
}

// ask asks for a token at a node, nil for the next one.
func (a *asker) ask(ctx context.Context, n *node) (got answer) {
	got = answer{began: time.Now(), node: n}
	defer func() { got.ended = time.Now() }()
	form := url.Values{"grant_type": {"client_credentials"}, "audience": {audience}}
	response, body, err := post(at(ctx, n), a.balancer, issuer+"/oauth2/token", a.client, form)
	if err != nil {
		got.err = err
		return got
	}
	got.status, got.retryAfter = response.StatusCode, response.Header.Get("Retry-After")
	if got.status != http.StatusOK {
		got.err = errors.New(string(body))
		return got
	}
	var issued struct {
		Token string `json:"access_token"`
	}
	if got.err = json.Unmarshal(body, &issued); got.err != nil {
		return got
	}
	got.token = issued.Token
	got.kid, got.err = kidOf(issued.Token)
	return got
}

func post(ctx context.Context, b *balancer, address string, c client, form url.Values) (*http.Response, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(c.id, c.secret)
	response, err := b.RoundTrip(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

func kidOf(token string) (string, error) {
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA})
	if err != nil {
		return "", err
	}
	return parsed.Signatures[0].Header.KeyID, nil
}

// load is a constant stream of requests.
type load struct {
	mu      sync.Mutex
	answers []answer
	stop    context.CancelFunc
	running sync.WaitGroup
}

// startLoad asks so many times a second until finish is called, whether or not
// earlier requests have been answered, and has v check every token.
func startLoad(t *testing.T, a *asker, rate int, v *verifiers) *load {
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	l := &load{stop: stop}
	l.running.Go(func() {
		ticker := time.NewTicker(time.Second / time.Duration(rate))
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				l.running.Go(func() { l.one(a, v) })
			}
		}
	})
	t.Cleanup(func() { l.finish() })
	return l
}

// one asks once. It is not broken off when the load ends.
func (l *load) one(a *asker, v *verifiers) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	got := a.ask(ctx, nil)
	if got.status == http.StatusOK && got.err == nil && v != nil {
		got.err = v.check(ctx, got.token)
	}
	got.token = "" // they would fill memory
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers = append(l.answers, got)
}

// finish ends the load, and returns all answers in the order in which they were
// asked for.
func (l *load) finish() []answer {
	l.stop()
	l.running.Wait()
	slices.SortFunc(l.answers, func(a, b answer) int { return a.began.Compare(b.began) })
	return l.answers
}

// refusals are the requests that brought no token.
func refusals(answers []answer) []answer {
	return filter(answers, func(a answer) bool { return a.status != http.StatusOK })
}

// unverifiable are the tokens that a verifier refused.
func unverifiable(answers []answer) []answer {
	return filter(answers, func(a answer) bool { return a.status == http.StatusOK && a.err != nil })
}

func filter(answers []answer, keep func(answer) bool) []answer {
	return slices.DeleteFunc(slices.Clone(answers), func(a answer) bool { return !keep(a) })
}

// want fails the test for each answer that should not be there.
func wantNone(t *testing.T, what string, found []answer) {
	t.Helper()
	if len(found) == 0 {
		return
	}
	t.Errorf("%d %s; the first ones:", len(found), what)
	for _, a := range found[:min(len(found), 10)] {
		t.Log(a)
	}
}

// percentile returns the share p of the sorted durations, as milliseconds.
func percentile(sorted []time.Duration, p float64) string {
	if len(sorted) == 0 {
		return "none"
	}
	d := sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}
