package verify_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/verify"
)

func TestARevokedKeyIsRefusedWithinTheScheduleMaxAge(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	issuer.publishSchedule()
	v := newVerifier(t, clock.Now, issuer)
	check(t, v, issuer.token(t), nil)
	issuer.publishSchedule("k1")
	clock.Advance(60 * time.Second)
	check(t, v, issuer.token(t), verify.ErrInvalidToken)
	if n := issuer.count(keysPath); n != 1 {
		t.Errorf("the key set was fetched %d times: the test proves nothing", n)
	}
}

func TestAKeyThatIsRevokedAtFirstSightIsRefused(t *testing.T) {
	issuer := rsaIssuer(t)
	issuer.publishSchedule("k0", "k1")
	check(t, newVerifier(t, newClock().Now, issuer), issuer.token(t), verify.ErrInvalidToken)
}

// TestTheSendersMaxAgeShortensTheScheduleCache: what a cache on the way has used
// up counts too.
func TestTheSendersMaxAgeShortensTheScheduleCache(t *testing.T) {
	for _, test := range []struct {
		control, age string
		fresh        time.Duration
	}{
		{"public, max-age=20", "", 20 * time.Second},
		{"public, max-age=50", "30", 20 * time.Second},
		{`Max-Age="20"`, "", 20 * time.Second},
		{"max-age=86400", "", 60 * time.Second},
		{"max-age=99999999999999999999", "", 60 * time.Second},
		{"", "", 60 * time.Second},
		{"no-store", "", 5 * time.Second},
		{"max-age=40, no-cache", "", 5 * time.Second},
		{"max-age=1", "", 5 * time.Second},
		{"max-age=10", "600", 5 * time.Second},
		{"max-age=x", "", 5 * time.Second},
	} {
		issuer, clock := rsaIssuer(t), newClock()
		document := map[string]any{"issuer": issuer.URL, "revoked": []any{}}
		issuer.publishJSON(schedulePath, document, "Cache-Control", test.control, "Age", test.age)
		v := newVerifier(t, clock.Now, issuer)
		check(t, v, issuer.token(t), nil)
		// Just before three quarters nothing is due, at the end a use waits.
		clock.Advance(test.fresh*3/4 - time.Millisecond)
		check(t, v, issuer.token(t), nil)
		if n := issuer.count(schedulePath); n != 1 {
			t.Errorf("%q: %d fetches while fresh", test.control, n)
		}
		issuer.publishSchedule("k1")
		clock.Advance(test.fresh/4 + time.Millisecond)
		if _, err := v.Verify(t.Context(), issuer.token(t)); err == nil {
			t.Errorf("%q, age %q: not fetched after %v", test.control, test.age, test.fresh)
		}
	}
}

func TestTheScheduleIsRenewedInAdvanceWithoutWaiting(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	issuer.publishSchedule()
	v := newVerifier(t, clock.Now, issuer)
	check(t, v, issuer.token(t), nil)
	arrived, release := make(chan struct{}), make(chan struct{})
	issuer.publish(schedulePath, func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		w.WriteHeader(http.StatusNotFound)
	})
	clock.Advance(45 * time.Second)
	check(t, v, issuer.token(t), nil)
	<-arrived
	close(release)
}

func TestAMissingScheduleIsNoFault(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	v := newVerifier(t, clock.Now, issuer)
	for range 2 { // after a fault it would be asked every 5 seconds
		for range 20 {
			check(t, v, issuer.token(t), nil)
		}
		if n := issuer.count(schedulePath); n != 1 {
			t.Errorf("asked %d times", n)
		}
		clock.Advance(30 * time.Second)
	}
	issuer.publishSchedule("k1")
	check(t, v, issuer.token(t), verify.ErrInvalidToken)
}

// TestARevocationIsFinal: whatever the issuer says next, or does not.
func TestARevocationIsFinal(t *testing.T) {
	for name, next := range map[string]func(*testIssuer){
		"away":              func(i *testIssuer) { i.fail(schedulePath) },
		"gone":              func(i *testIssuer) { i.publish(schedulePath, nil) },
		"not listed":        func(i *testIssuer) { i.publishSchedule() },
		"not JSON":          func(i *testIssuer) { i.publishJSON(schedulePath, "x") },
		"of another issuer": func(i *testIssuer) { i.publishJSON(schedulePath, map[string]any{"issuer": "https://other.example"}) },
	} {
		issuer, clock := rsaIssuer(t), newClock()
		issuer.publishSchedule("k1")
		v := newVerifier(t, clock.Now, issuer)
		check(t, v, issuer.token(t), verify.ErrInvalidToken)
		next(issuer)
		for range 3 {
			clock.Advance(time.Minute)
			if _, err := v.Verify(t.Context(), issuer.token(t)); err == nil {
				t.Error(name)
			}
		}
	}
}

func TestGoodKeysVerifyWhileOnlyTheScheduleIsAway(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	issuer.fail(schedulePath)
	v := newVerifier(t, clock.Now, issuer)
	check(t, v, issuer.token(t), nil)
	asked, release := make(chan struct{}, 9), make(chan struct{})
	issuer.publish(schedulePath, func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-release
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"revoked":[{"kid":"k1"}]}`, issuer.URL)
	})
	clock.Advance(5 * time.Second)
	check(t, v, issuer.token(t), nil)
	<-asked // beside the request, which did not wait
	close(release)
	clock.Advance(55 * time.Second)
	check(t, v, issuer.token(t), verify.ErrInvalidToken)
}

// TestAScheduleOfAnotherIssuerRevokesNothing: it is a fault, not an answer.
func TestAScheduleOfAnotherIssuerRevokesNothing(t *testing.T) {
	issuer := rsaIssuer(t)
	issuer.publishJSON(schedulePath, map[string]any{
		"issuer": issuer.URL + "/", "revoked": []any{map[string]any{"kid": "k1"}},
	})
	check(t, newVerifier(t, newClock().Now, issuer), issuer.token(t), nil)
}
