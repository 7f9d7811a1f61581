package verify_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/verify"
	"github.com/go-jose/go-jose/v4"
)

func check(t *testing.T, v *verify.Verifier, token string, want error) {
	t.Helper()
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestTwoIssuersWithTheSameKidAreNeverMixed(t *testing.T) {
	a := newIssuer(t, signingKey{"k1", verify.RS256, pool()[0]})
	b := newIssuer(t, signingKey{"k1", verify.RS256, pool()[1]})
	v := newVerifier(t, newClock().Now, a, b)
	check(t, v, a.token(t), nil)
	check(t, v, b.token(t), nil)
	check(t, v, b.token(t, set("iss", a.URL)), verify.ErrInvalidToken)
	check(t, v, a.token(t, set("iss", b.URL)), verify.ErrInvalidToken)
	if a.count(keysPath) != 1 || b.count(keysPath) != 1 {
		t.Errorf("fetched %d and %d times", a.count(keysPath), b.count(keysPath))
	}
}

func TestAnUnknownKidStormFetchesOncePer30Seconds(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	v := newVerifier(t, clock.Now, issuer)
	unknown := issuer.rs256(t, map[string]any{"alg": "RS256", "kid": "k2", "typ": "at+jwt"}, issuer.claims())
	storm := func() {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					check(t, v, unknown, verify.ErrInvalidToken)
				}
			})
		}
		wg.Wait()
	}
	storm()
	if n := issuer.count(keysPath); n != 1 {
		t.Fatalf("%d fetches at first", n)
	}
	clock.Advance(29 * time.Second)
	storm()
	if n := issuer.count(keysPath); n != 1 {
		t.Fatalf("%d fetches within 30 s", n)
	}
	clock.Advance(time.Second)
	storm()
	if n := issuer.count(keysPath); n != 2 {
		t.Fatalf("%d fetches after 30 s", n)
	}
	check(t, v, issuer.token(t), nil)
}

func TestANewKeyIsFoundByItsUnknownKid(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	v := newVerifier(t, clock.Now, issuer)
	check(t, v, issuer.token(t), nil)
	successor := signingKey{"k2", verify.ES256, ecKey()}
	issuer.publishKeys(issuer.keys[0], successor)
	clock.Advance(30 * time.Second)
	token := sign(t, jose.SigningKey{Algorithm: jose.ES256, Key: successor.private},
		map[string]any{"typ": "at+jwt", "kid": "k2"}, issuer.claims())
	check(t, v, token, nil)
}

func TestAKeyThatLeftTheKeySetIsRefusedWithinKeysMaxAge(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	v := newVerifier(t, clock.Now, issuer)
	check(t, v, issuer.token(t), nil)
	issuer.publishKeys(signingKey{"k2", verify.RS256, pool()[1]})
	clock.Advance(5 * time.Minute)
	check(t, v, issuer.token(t), verify.ErrInvalidToken)
}

func TestGoodKeysAreKeptWhileTheIssuerIsAway(t *testing.T) {
	for name, page := range map[string]http.HandlerFunc{
		"server error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte(`{"keys":[]}`))
		},
		"not JSON":       func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no keys member": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) },
		"redirect":       redirectTo("/elsewhere"),
		"endless body": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[]}` + strings.Repeat(" ", 1<<20)))
		},
		"connection cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		issuer, clock := rsaIssuer(t), newClock()
		v := newVerifier(t, clock.Now, issuer)
		token := issuer.token(t)
		check(t, v, token, nil)
		issuer.publish(keysPath, page)
		clock.Advance(10 * time.Minute)
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if issuer.count(keysPath) != 2 {
			t.Errorf("%s: the key set was not asked for", name)
		}
	}
}

func TestKeysAreKeptUpToTheirMaximumAge(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	v := newVerifier(t, clock.Now, issuer)
	token := issuer.token(t, set("exp", start.Add(100*time.Hour).Unix()))
	check(t, v, token, nil)
	issuer.fail(discoveryPath, keysPath, schedulePath)
	clock.Advance(24*time.Hour - time.Nanosecond)
	check(t, v, token, nil)
	clock.Advance(30 * time.Second)
	check(t, v, token, verify.ErrUnavailable)

	issuer.publishJSON(discoveryPath, map[string]any{"issuer": issuer.URL, "jwks_uri": issuer.URL + keysPath})
	issuer.publishKeys(issuer.keys...)
	clock.Advance(30 * time.Second)
	check(t, v, token, nil)
}

func TestAnIssuerThatIsAwayIsNotAskedByEveryRequest(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	v := newVerifier(t, clock.Now, issuer)
	check(t, v, issuer.token(t), nil)
	issuer.fail(discoveryPath, keysPath, schedulePath)
	clock.Advance(10 * time.Minute)
	before := issuer.count(keysPath)
	for range 50 {
		check(t, v, issuer.token(t), nil)
	}
	if n := issuer.count(keysPath) - before; n != 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestWithoutAnyKeysTheAnswerIsUnavailable(t *testing.T) {
	for name, spoil := range map[string]func(*testIssuer){
		"metadata away": func(i *testIssuer) { i.fail(discoveryPath) },
		"metadata names another": func(i *testIssuer) {
			i.publishJSON(discoveryPath, map[string]any{"issuer": i.URL + "/", "jwks_uri": i.URL + keysPath})
		},
		"metadata not JSON": func(i *testIssuer) { i.publishJSON(discoveryPath, "x") },
		"jwks_uri relative": func(i *testIssuer) {
			i.publishJSON(discoveryPath, map[string]any{"issuer": i.URL, "jwks_uri": keysPath})
		},
		"keys away":    func(i *testIssuer) { i.fail(keysPath) },
		"keys missing": func(i *testIssuer) { i.publish(keysPath, nil) },
		"keys behind a redirect": func(i *testIssuer) {
			i.publish(keysPath, redirectTo("/real"))
			i.publishJSON("/real", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.keys[0].public()}})
		},
		"metadata behind a redirect": func(i *testIssuer) {
			i.publish(discoveryPath, redirectTo("/real"))
			i.publishJSON("/real", map[string]any{"issuer": i.URL, "jwks_uri": i.URL + keysPath})
		},
	} {
		issuer, clock := rsaIssuer(t), newClock()
		spoil(issuer)
		v := newVerifier(t, clock.Now, issuer)
		if _, err := v.Verify(t.Context(), issuer.token(t)); !errors.Is(err, verify.ErrUnavailable) || !strings.Contains(err.Error(), "cannot be fetched: ") {
			t.Errorf("%s: %v, want why", name, err)
		}
		issuer.publishJSON(discoveryPath, map[string]any{"issuer": issuer.URL, "jwks_uri": issuer.URL + keysPath})
		issuer.publishKeys(issuer.keys...)
		check(t, v, issuer.token(t), verify.ErrUnavailable)
		clock.Advance(5 * time.Second)
		check(t, v, issuer.token(t), nil)
	}
}

func redirectTo(path string) http.HandlerFunc {
	return http.RedirectHandler(path, http.StatusFound).ServeHTTP
}

// TestKeysAreNotFetchedByPlainHTTP also where the metadata says so.
func TestKeysAreNotFetchedByPlainHTTP(t *testing.T) {
	issuer := rsaIssuer(t)
	issuer.publishJSON(discoveryPath, map[string]any{"issuer": issuer.URL, "jwks_uri": "http://keys.example" + keysPath})
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		r.URL.Host = strings.TrimPrefix(issuer.URL, "http://")
		return http.DefaultTransport.RoundTrip(r)
	})}
	for allowed, want := range map[bool]error{false: verify.ErrUnavailable, true: nil} {
		v, err := verify.New(verify.Config{
			Issuers: []string{issuer.URL}, Audiences: []string{audience}, Client: client, AllowHTTP: allowed, Now: newClock().Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		check(t, v, issuer.token(t), want)
	}
}

// A client of the caller's own does not bring back the redirects.
func TestAGivenClientFollowsNoRedirect(t *testing.T) {
	issuer := rsaIssuer(t)
	issuer.publish(keysPath, redirectTo("/real"))
	issuer.publishJSON("/real", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{issuer.keys[0].public()}})
	v, err := verify.New(verify.Config{
		Issuers: []string{issuer.URL}, Audiences: []string{audience}, Client: issuer.Client(), Now: newClock().Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, v, issuer.token(t), verify.ErrUnavailable)
	if issuer.count("/real") != 0 {
		t.Error("the redirect was followed")
	}
}

func TestWithoutMetadataTheKeysAreAtTheUsualPlace(t *testing.T) {
	issuer := rsaIssuer(t)
	issuer.publish(discoveryPath, nil)
	check(t, newVerifier(t, newClock().Now, issuer), issuer.token(t), nil)
}

func TestAKeySetThatMovedIsFoundAgain(t *testing.T) {
	issuer, clock := rsaIssuer(t), newClock()
	v := newVerifier(t, clock.Now, issuer)
	check(t, v, issuer.token(t), nil)
	issuer.publish(keysPath, nil)
	issuer.publishJSON("/new", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{signingKey{"k2", verify.RS256, pool()[0]}.public()}})
	issuer.publishJSON(discoveryPath, map[string]any{"issuer": issuer.URL, "jwks_uri": issuer.URL + "/new"})
	token := issuer.rs256(t, map[string]any{"alg": "RS256", "kid": "k2", "typ": "at+jwt"}, issuer.claims())
	clock.Advance(5 * time.Minute)
	check(t, v, token, verify.ErrInvalidToken)
	clock.Advance(30 * time.Second)
	check(t, v, token, nil)
}

func TestAnEndedRequestDoesNotEndTheFetchOfTheOthers(t *testing.T) {
	issuer := rsaIssuer(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	issuer.publish(keysPath, func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		issuer.publishKeys(issuer.keys...)
		issuer.ServeHTTP(w, httptest.NewRequest(http.MethodGet, keysPath, nil))
	})
	v := newVerifier(t, newClock().Now, issuer)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { _, err := v.Verify(ctx, issuer.token(t)); first <- err }()
	<-arrived
	cancel()
	if err := <-first; !errors.Is(err, verify.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("the ended request: %v", err)
	}
	close(release)
	check(t, v, issuer.token(t), nil)
}

func TestManyRequestsShareOneFetch(t *testing.T) {
	issuer := rsaIssuer(t)
	v := newVerifier(t, newClock().Now, issuer)
	token := issuer.token(t)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() { check(t, v, token, nil) })
	}
	wg.Wait()
	if n := issuer.count(keysPath); n != 1 {
		t.Errorf("%d fetches", n)
	}
}
