package verify_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-auth/gatehouse/verify"
)

// timeout is how long a fetch takes that nobody answers.
const timeout = 5 * time.Second

// line is the way to an issuer in a bubble of time: it answers at once, or lets
// what is sent to some of its paths vanish as a firewall that drops packets does.
type line struct {
	t      *testing.T
	issuer *testIssuer
	mu     sync.Mutex
	dead   map[string]bool
	asked  map[string][]time.Time // by path, when each fetch began
	open   map[string]int
}

func (l *line) cut(paths ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = map[string]bool{}
	for _, path := range paths {
		l.dead[path] = true
	}
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	path := r.URL.Path
	l.mu.Lock()
	l.asked[path] = append(l.asked[path], time.Now())
	l.open[path]++
	dead, open := l.dead[path], l.open[path]
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open[path]--
	}()
	if open > 1 {
		l.t.Errorf("%s is fetched twice at once", path)
	}
	if dead {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	recorder := httptest.NewRecorder()
	l.issuer.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// apart checks that fetches of the path began at least so far from each other, and
// returns how many there were.
func (l *line) apart(path string, least time.Duration) int {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := l.asked[path]
	for i := 1; i < len(asked); i++ {
		if gap := asked[i].Sub(asked[i-1]); gap < least {
			l.t.Errorf("%s was fetched again after %v", path, gap)
		}
	}
	return len(asked)
}

// overLine runs a test in a bubble of time, with a Verifier that reaches the
// issuer by a line and tokens that outlive the test.
func overLine(t *testing.T, play func(t *testing.T, l *line, v *verify.Verifier, good, unknown string)) {
	issuer := rsaIssuer(t)
	issuer.publishSchedule()
	long := set("exp", start.Add(100*time.Hour).Unix())
	good := issuer.token(t, long)
	claims := issuer.claims()
	long(claims)
	unknown := issuer.rs256(t, map[string]any{"alg": "RS256", "kid": "k2", "typ": "at+jwt"}, claims)
	synctest.Test(t, func(t *testing.T) {
		l := &line{t: t, issuer: issuer, asked: map[string][]time.Time{}, open: map[string]int{}}
		began := time.Now()
		v, err := verify.New(verify.Config{
			Issuers: []string{issuer.URL}, Audiences: []string{audience}, Client: &http.Client{Transport: l},
			Now: func() time.Time { return start.Add(time.Since(began)) },
		})
		if err != nil {
			t.Fatal(err)
		}
		play(t, l, v, good, unknown)
		time.Sleep(timeout) // until no fetch is under way
		synctest.Wait()
	})
}

// waited returns how long a Verify took, and its error.
func waited(v *verify.Verifier, token string) (time.Duration, error) {
	began := time.Now()
	_, err := v.Verify(context.Background(), token)
	return time.Since(began), err
}

// requests verifies the token so often, each time after a pause, and demands of
// each that it does not wait.
func requests(t *testing.T, v *verify.Verifier, token string, count int, pause time.Duration) {
	t.Helper()
	for i := range count {
		time.Sleep(pause)
		if took, err := waited(v, token); took > 0 || err != nil {
			t.Errorf("request %d waited %v: %v", i, took, err)
			return
		}
	}
}

var everything = []string{discoveryPath, keysPath, schedulePath}

// TestNobodyWaitsForAnIssuerThatHangsWhileRequestsGoOn: what is held serves, as it
// is asked for in advance, and again and again beside the requests.
func TestNobodyWaitsForAnIssuerThatHangsWhileRequestsGoOn(t *testing.T) {
	for _, pause := range []time.Duration{time.Second, 10 * time.Second, 50 * time.Second} {
		overLine(t, func(t *testing.T, l *line, v *verify.Verifier, good, _ string) {
			requests(t, v, good, 1, 0)
			l.cut(everything...)
			requests(t, v, good, int(time.Hour/pause), pause)
			l.apart(keysPath, 30*time.Second)
			if n := l.apart(schedulePath, 10*time.Second); n < 60 || n > 200 {
				t.Errorf("pause %v: the schedule was asked for %d times in an hour", pause, n)
			}
		})
	}
}

// TestARequestWaitsOnceForAnIssuerThatHangs, for keys and schedule together,
// however many come at once; those that come then do not wait.
func TestARequestWaitsOnceForAnIssuerThatHangs(t *testing.T) {
	overLine(t, func(t *testing.T, l *line, v *verify.Verifier, good, unknown string) {
		requests(t, v, good, 1, 0)
		l.cut(everything...)
		time.Sleep(time.Hour) // nobody knows yet that the issuer is away
		var all sync.WaitGroup
		for i := range 30 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond) // some come while others wait
				if took, err := waited(v, good); took > timeout || err != nil {
					t.Errorf("waited %v: %v", took, err)
				}
				if took, err := waited(v, unknown); took > timeout || !errors.Is(err, verify.ErrInvalidToken) {
					t.Errorf("an unknown kid waited %v: %v", took, err)
				}
			})
		}
		all.Wait()
		requests(t, v, good, 600, time.Second)
	})
}

// TestUnknownKidsFetchOncePer30SecondsAlsoWhileTheIssuerHangs, and keep nobody
// waiting whose key is known.
func TestUnknownKidsFetchOncePer30SecondsAlsoWhileTheIssuerHangs(t *testing.T) {
	overLine(t, func(t *testing.T, l *line, v *verify.Verifier, good, unknown string) {
		requests(t, v, good, 1, 0)
		l.cut(keysPath)
		var strangers sync.WaitGroup
		over := time.Now().Add(10 * time.Minute)
		for range 5 {
			strangers.Go(func() {
				for time.Now().Before(over) {
					time.Sleep(time.Second)
					if took, err := waited(v, unknown); took > timeout || !errors.Is(err, verify.ErrInvalidToken) {
						t.Errorf("waited %v: %v", took, err)
					}
				}
			})
		}
		requests(t, v, good, 600, time.Second)
		strangers.Wait()
		if n := l.apart(keysPath, 30*time.Second); n < 10 {
			t.Errorf("the keys were asked for %d times", n)
		}
	})
}

// TestGoodKeysDoNotWaitForAScheduleThatNeverCame, more than once.
func TestGoodKeysDoNotWaitForAScheduleThatNeverCame(t *testing.T) {
	overLine(t, func(t *testing.T, l *line, v *verify.Verifier, good, _ string) {
		l.cut(schedulePath)
		if took, err := waited(v, good); took != timeout || err != nil {
			t.Errorf("at first: %v, %v", took, err)
		}
		requests(t, v, good, 3600, time.Second)
	})
}

// TestWithoutKeysNobodyWaitsInLine: all wait for the same fetch, and who comes in
// the 5 seconds after it is told at once.
func TestWithoutKeysNobodyWaitsInLine(t *testing.T) {
	overLine(t, func(t *testing.T, l *line, v *verify.Verifier, good, _ string) {
		l.cut(everything...)
		var atOnce atomic.Int64
		var all sync.WaitGroup
		for i := range 99 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				took, err := waited(v, good)
				if took > timeout || !errors.Is(err, verify.ErrUnavailable) {
					t.Errorf("waited %v: %v", took, err)
				}
				if took == 0 {
					atOnce.Add(1)
				}
			})
		}
		all.Wait()
		if n := atOnce.Load(); n != 49 {
			t.Errorf("%d were told at once", n)
		}
		l.cut()
		time.Sleep(timeout)
		requests(t, v, good, 1, 0)
	})
}

// TestARevokedKeyIsRefusedWithinTheScheduleMaxAgeOfTheIssuersReturn, whether
// requests are many or few.
func TestARevokedKeyIsRefusedWithinTheScheduleMaxAgeOfTheIssuersReturn(t *testing.T) {
	for _, pause := range []time.Duration{time.Second, 59 * time.Second, 2 * time.Minute} {
		for away := 10 * time.Second; away < 4*time.Minute; away += 7 * time.Second {
			overLine(t, func(t *testing.T, l *line, v *verify.Verifier, good, _ string) {
				if _, err := waited(v, good); err != nil {
					t.Fatal(err)
				}
				l.cut(schedulePath)
				back := make(chan time.Time, 1)
				time.AfterFunc(away, func() {
					l.issuer.publishSchedule("k1")
					l.cut()
					back <- time.Now()
				})
				for accepted := time.Now(); ; {
					time.Sleep(pause)
					asked := time.Now()
					_, err := waited(v, good)
					if err == nil {
						accepted = asked
						continue
					}
					if late := accepted.Sub(<-back); late >= time.Minute {
						t.Errorf("a request every %v, away for %v: accepted %v after the return", pause, away, late)
					}
					break
				}
			})
		}
	}
}
