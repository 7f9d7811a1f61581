package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Nodes whose clocks are 30 s fast, 30 s slow and right rotate every hour for
// more than a day, on a PostgreSQL whose own clock is 300 s fast. Verifiers with
// such clocks keep the keys for as long as they are told to, and never ask
// again for a kid that they do not know.
func TestClocksThatAreWrong(t *testing.T) {
	database := clusterFor(t, "+300")
	migrateDatabase(t, database.url)
	h := newSkewed(t, database.url, time.Hour, 400*time.Second, 30*time.Second, -30*time.Second, 0)
	s := &skewRun{skewed: h, first: map[string]time.Time{}, live: map[string]*liveToken{}, left: map[string]bool{}}
	s.tenant = h.seed(keys.ES256)
	off, err := h.nodes[2].db.Clock(t.Context())
	if err != nil || time.Until(off).Round(10*time.Second) != 5*time.Minute {
		t.Fatalf("the database's clock is off by %v, want 5 min (%v)", time.Until(off), err)
	}
	for _, offset := range []time.Duration{30 * time.Second, -30 * time.Second} {
		s.verifiers = append(s.verifiers, &strictVerifier{run: s, offset: offset})
	}
	dense, coarse := func() time.Duration { return time.Duration(1+rand.IntN(24)) * time.Second }, func() time.Duration { return 4 * time.Minute }
	s.run(time.Duration(often(3, 12))*time.Hour, dense)
	s.run(23*time.Hour, coarse) // until the first keys leave
	s.run(time.Duration(often(1, 12))*time.Hour, dense)

	if s.rotations < 24 || len(s.left) == 0 {
		t.Errorf("%d rotations, %d keys left the JWKS: nothing was shown", s.rotations, len(s.left))
	}
	const fault = "clocks of nodes and verifiers +30 s, -30 s, right; of the database +300 s"
	figure(t, fault, "tokens checked", "%d over %d rotations, %d not verifiable", s.tokens, s.rotations, s.refused)
	figure(t, fault, "a key signed after it was first published", "at the soonest %s later (at least %s)", s.soonest, h.timing.MaxAge)
	figure(t, fault, "keys that left the JWKS", "%d, none while a token of it lived", len(s.left))
}

// skewRun is what the nodes are seen to do.
type skewRun struct {
	*skewed
	asker     *asker
	tenant    string
	verifiers []*strictVerifier
	first     map[string]time.Time  // when a kid was in every node's JWKS
	live      map[string]*liveToken // by kid, the one that lives longest
	left      map[string]bool       // kids that left the JWKS
	signs     string                // on the node whose clock is right
	soonest   time.Duration         // between publication and signing

	tokens, refused, rotations int
}

type liveToken struct {
	token  string
	expiry time.Time
}

// run lets so much time pass, in steps.
func (s *skewRun) run(total time.Duration, step func() time.Duration) {
	if s.asker == nil {
		s.asker = &asker{s.client, s.balanced()}
	}
	for end := s.clock.now().Add(total); s.clock.now().Before(end); {
		passed := step()
		s.clock.set(s.clock.now().Add(passed))
		for i, n := range s.nodes {
			// A node may be late with the news, within the staleness.
			if n.follower.Staleness() > s.timing.Staleness || rand.IntN(2) == 0 {
				n.poll(s.t)
			}
			if rand.IntN(3) == 0 {
				if _, err := n.admin.TendKeys(s.t.Context(), s.tenant); err != nil {
					s.t.Error(err)
				}
			}
			s.askAt(i)
		}
		if rand.IntN(300) == 0 {
			s.orderRotation(s.nodes[rand.IntN(len(s.nodes))])
		}
		s.look()
	}
}

// orderRotation has the next key sign as soon as it may.
func (s *skewRun) orderRotation(n *skewedNode) {
	_, err := n.admin.RotateKey(s.t.Context(), admin.Actor{Name: "test", Scopes: admin.AllScopes()}, "acme", admin.RotationOrder{})
	if err != nil {
		s.t.Error(err)
	}
}

// askAt has a node sign a token, and every verifier look at it.
func (s *skewRun) askAt(i int) {
	got := s.asker.ask(s.t.Context(), s.asker.balancer.nodes[i])
	if got.err != nil {
		s.t.Errorf("node %d: %v", i, got)
		return
	}
	s.tokens++
	now := s.clock.now()
	s.live[got.kid] = &liveToken{token: got.token, expiry: now.Add(s.nodes[i].offset + oauth.MaxTokenLife)}
	for _, v := range s.verifiers {
		if err := v.check(got); err != nil {
			s.refused++
			s.t.Errorf("verifier %s off, token of node %d at %s: %v", v.offset, i, now, err)
		}
	}
	if s.signs != got.kid && i == 2 {
		s.rotations++
		if known, was := s.first[got.kid]; was && s.rotations > 1 {
			if since := now.Sub(known); s.soonest == 0 || since < s.soonest {
				s.soonest = since
			}
		} else if s.rotations > 1 {
			s.t.Errorf("key %s signs, and was in no JWKS before", got.kid)
		}
		s.signs = got.kid
	}
}

// look compares what every node publishes with the tokens that live.
func (s *skewRun) look() {
	now := s.clock.now()
	set, err := s.nodes[2].db.KeySet(s.t.Context(), s.tenant)
	if err != nil {
		s.t.Fatal(err)
	}
	everywhere := map[string]int{}
	for i, n := range s.nodes {
		if active := signing(set, now.Add(n.offset)); len(active) != 1 {
			s.t.Errorf("node %d at %s: %d keys sign", i, now, len(active))
		}
		published := s.jwks(i)
		for kid, live := range s.live {
			// By the slowest clock it lives 30 s longer.
			if _, there := published[kid]; !there && now.Add(-30*time.Second).Before(live.expiry) {
				s.t.Errorf("node %d does not publish %s any more at %s; a token of it lives until %s", i, kid, now, live.expiry)
			} else if !there {
				s.left[kid] = true
			}
		}
		for kid := range published {
			everywhere[kid]++
		}
	}
	for kid, count := range everywhere {
		if _, known := s.first[kid]; !known && count == len(s.nodes) {
			s.first[kid] = now
		}
	}
}

// jwks is what a node publishes.
func (s *skewRun) jwks(i int) map[string]jose.JSONWebKey {
	s.t.Helper()
	set, err := jwksAt(at(s.t.Context(), s.asker.balancer.nodes[i]), s.asker.balancer)
	if err != nil {
		s.t.Fatal(err)
	}
	found := map[string]jose.JSONWebKey{}
	for _, key := range set.Keys {
		found[key.KeyID] = key
	}
	return found
}

// strictVerifier keeps the keys for as long as it may, and asks for no others
// in between.
type strictVerifier struct {
	run     *skewRun
	offset  time.Duration
	keys    map[string]jose.JSONWebKey
	fetched time.Time
}

func (v *strictVerifier) check(a answer) error {
	now := v.run.clock.now().Add(v.offset)
	if v.keys == nil || now.Sub(v.fetched) >= v.run.timing.MaxAge {
		v.keys, v.fetched = v.run.jwks(rand.IntN(len(v.run.nodes))), now
	}
	key, known := v.keys[a.kid]
	if !known {
		return fmt.Errorf("kid %s is unknown, and the keys are %s old", a.kid, now.Sub(v.fetched))
	}
	signed, err := jose.ParseSignedCompact(a.token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return err
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return err
	}
	var claims struct{ Nbf, Exp int64 }
	if err := json.Unmarshal(payload, &claims); err != nil {
		return err
	}
	if now.Add(v.run.timing.Skew).Before(time.Unix(claims.Nbf, 0)) || !now.Add(-v.run.timing.Skew).Before(time.Unix(claims.Exp, 0)) {
		return fmt.Errorf("valid from %d to %d, and it is %d here", claims.Nbf, claims.Exp, now.Unix())
	}
	return nil
}
