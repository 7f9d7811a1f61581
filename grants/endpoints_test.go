package grants

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// posted answers whatever is posted, and counts.
type posted struct {
	mu     sync.Mutex
	count  int
	answer func(ctx context.Context) (int, string, error)
}

func (p *posted) Post(ctx context.Context, _, _ string, _ []byte) (int, []byte, error) {
	p.mu.Lock()
	p.count++
	answer := p.answer
	p.mu.Unlock()
	status, body, err := answer(ctx)
	return status, []byte(body), err
}

func (p *posted) says(status int, body string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = func(context.Context) (int, string, error) { return status, body, err }
}

var errCut = errors.New("cut")

// code asks once and returns the error code, "" for none.
func (e *endpoints) code(ctx context.Context, tenantID string) oauth.Code {
	if _, err := e.ask(ctx, tenantID, &tenants.RemoteGrant{GrantType: "urn:a", Endpoint: "https://a.example/"}, "signed"); err != nil {
		return oauth.AsError(err).Code
	}
	return ""
}

func TestEndpointThatFailsIsLeftAloneForAWhile(t *testing.T) {
	for name, broken := range map[string]func(*posted){
		"cannot be reached": func(p *posted) { p.says(0, "", errCut) },
		"fails":             func(p *posted) { p.says(502, "{}", nil) },
		"redirects":         func(p *posted) { p.says(302, "{}", nil) },
		"talks nonsense":    func(p *posted) { p.says(200, "nonsense", nil) },
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &posted{}
			e := newEndpoints(p)
			broken(p)
			for range failuresInARow {
				if code := e.code(t.Context(), "acme"); code != oauth.TemporarilyUnavailable && code != oauth.ServerError {
					t.Fatalf("%s: %q", name, code)
				}
			}
			p.says(200, `{"sub":"ann"}`, nil)
			if code := e.code(t.Context(), "acme"); code != oauth.TemporarilyUnavailable || p.count != failuresInARow {
				t.Errorf("%s: asked %d times, %q", name, p.count, code)
			}
			if code := e.code(t.Context(), "globex"); code != "" {
				t.Errorf("%s: left alone for another tenant too: %q", name, code)
			}
			time.Sleep(leftAlone + time.Millisecond)
			for range 2 {
				if code := e.code(t.Context(), "acme"); code != "" {
					t.Errorf("%s, after a while: %q", name, code)
				}
			}
		})
	}
}

// A refusal is an answer, and a client that went away says nothing of the
// endpoint.
func TestEndpointThatRefusesIsAskedOn(t *testing.T) {
	p := &posted{}
	e := newEndpoints(p)
	p.says(403, `{"error":"access_denied"}`, nil)
	for range 3 * failuresInARow {
		if code := e.code(t.Context(), "acme"); code != oauth.AccessDenied {
			t.Fatal(code)
		}
	}
	p.says(0, "", context.Canceled)
	for range 3 * failuresInARow {
		e.code(t.Context(), "acme")
	}
	p.says(200, `{"sub":"ann"}`, nil)
	if code := e.code(t.Context(), "acme"); code != "" {
		t.Errorf("after refusals: %q", code)
	}
}

func TestSlowEndpointHoldsNoMoreThanItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &posted{answer: func(context.Context) (int, string, error) {
			time.Sleep(time.Second)
			return 200, `{"sub":"ann"}`, nil
		}}
		e := newEndpoints(p)
		var wait sync.WaitGroup
		for range askedAtOnce {
			wait.Go(func() { e.code(t.Context(), "acme") })
		}
		synctest.Wait()
		if code := e.code(t.Context(), "acme"); code != oauth.TemporarilyUnavailable || p.count != askedAtOnce {
			t.Errorf("%d were asked at once, the next is answered %q", p.count, code)
		}
		wait.Wait()
		if code := e.code(t.Context(), "acme"); code != "" {
			t.Errorf("afterwards: %q", code)
		}
	})
}

func TestDecisionsAreReadStrictly(t *testing.T) {
	big, long := `"`+strings.Repeat("x", maxFurther)+`"`, strings.Repeat("n", maxClaimName+1)
	var many []string
	for n := range MaxRemoteClaims + 1 {
		many = append(many, fmt.Sprintf(`"c%d":1`, n))
	}
	for body, want := range map[string]string{
		``: "no JSON object", `[]`: "no JSON object", `{"sub":"a"`: "no JSON", `{"sub":"a"} {}`: "follows",
		`{}`: "exactly one", `{"sub":""}`: "exactly one", `{"sub":null}`: "exactly one", `{"sub":"a","username":"b"}`: "exactly one",
		`{"sub":1}`: "sub has another type", `{"Sub":"a"}`: `unknown field "Sub"`, `{"sub":"a","error":"x"}`: `unknown field "error"`,
		`{"sub":"a","sub":"b"}`: "sub twice", `{"sub":null,"sub":"b"}`: "sub twice",
		`{"sub":"a","scopes":"b"}`: "scopes has another type", `{"sub":"a","scopes":["b c"]}`: "no scope", `{"sub":"a","scopes":["` + strings.Repeat(`b","`, 100) + `c"]}`: "101 entries",
		`{"sub":"a","expires_in":0}`: "expires_in", `{"sub":"a","expires_in":-1}`: "expires_in", `{"sub":"a","expires_in":1.5}`: "expires_in", `{"sub":"a","expires_in":9999999999}`: "expires_in",
		`{"sub":"a","claims":[]}`: "must be an object", `{"sub":"a","claims":{"a":null}}`: "is null", `{"sub":"a","claims":{"":1}}`: "name must have", `{"sub":"a","claims":{"` + long + `":1}}`: "name must have",
		`{"sub":"a","claims":{` + strings.Join(many, ",") + `}}`: "51 entries", `{"sub":"a","claims":{"may_act":"b"}}`: "may_act must be", `{"sub":"a","scopes":[}`: "no JSON",
		`{"sub":"a","claims":{"a":` + big + `}}`: "bytes", `{"sub":"a","claims":{"exp":1}}`: "claim exp", `{"sub":"a","claims":{"act":{"sub":"b"}}}`: "claim act",
		`{"sub":"a","claims":{"client_id":"b"}}`: "claim client_id", `{"sub":"a","claims":{"grant_id":"b"}}`: "claim grant_id", `{"sub":"a","claims":{"exchanged":[]}}`: "claim exchanged",
		`{"sub":"a","claims":{"auth_time":1}}`: "claim auth_time", `{"sub":"a","claims":{"ſub":"b"}}`: "claim ſub", `{"sub":"a","claims":{"MAY_ACT":{}}}`: "claim MAY_ACT",
	} {
		if d, err := readDecision([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %+v, %v, want %s", body, d, err, want)
		}
	}
	d, err := readDecision([]byte(`{"sub":"a","scopes":[],"claims":{"n":12345678901234567890,"l":["x"]},"expires_in":60,"username":null}`))
	if err != nil || d.Subject != "a" || d.Scopes == nil || len(*d.Scopes) != 0 || d.ExpiresIn != 60 || len(d.Claims) != 2 {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err := readDecision([]byte(`{"username":"a"}`)); err != nil || d.Scopes != nil || d.Username != "a" || d.Claims != nil {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestRefusalsAreReadStrictly(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: "error must say", `{"error":1}`: "error must say", `{"error":""}`: "error must say", `{"error":"a","error_description":1}`: "another type", `{"error":"a","hint":"b"}`: `unknown field "hint"`,
	} {
		if _, err := readRefusal([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
	for code, want := range map[string]oauth.Code{
		"invalid_grant": oauth.InvalidGrant, "invalid_request": oauth.InvalidRequest, "invalid_scope": oauth.InvalidScope, "access_denied": oauth.AccessDenied,
		"authorization_pending": oauth.AuthorizationPending, "slow_down": oauth.SlowDown,
		"invalid_client": oauth.InvalidGrant, "server_error": oauth.InvalidGrant, "badge_lost": oauth.InvalidGrant,
	} {
		refusal, err := readRefusal([]byte(`{"error":"` + code + `","error_description":"` + strings.Repeat("x", 300) + `"}`))
		if err != nil || refusal.Code != want || len(refusal.Description) != maxRefusal {
			t.Errorf("%s: %v, %v", code, refusal, err)
		}
	}
}
