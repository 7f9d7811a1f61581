package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// within is how soon a change must be in force on every node.
const within = time.Second

// leak is one revocation of the key that signs, and what is known of it.
type leak struct {
	*fleet
	verifiers *verifiers
	server    client // may introspect
	number    int
	kid       string
	mu        sync.Mutex
	signed    []answer // tokens that the key signed, with their clients
	owners    []client
	report    revocation
	reported  time.Time
	delays    *delays
}

// revocation is what the command line and the admin API answer.
type revocation struct {
	Uses []struct {
		ClientID     string    `json:"client_id"`
		Audience     string    `json:"audience"`
		Hour         time.Time `json:"hour"`
		LatestExpiry time.Time `json:"latest_expiry"`
	} `json:"uses"`
	Clients []string   `json:"clients"`
	APIs    []string   `json:"apis"`
	Until   *time.Time `json:"until"`
}

// delays are how long after a revocation it was in force, and for how many
// tokens its report was wrong.
type delays struct {
	published, signed, introspected []time.Duration
	uncovered                       int
}

// The key that signs is revoked while clients get their first tokens from it,
// also right after the node that gave them out was killed.
func TestRevokedKeyIsOutOfUseEverywhere(t *testing.T) {
	f := newFleet(t, 2, "", shortTimes())
	first := f.seed()
	var server struct {
		Secret string `json:"client_secret"`
	}
	f.mustCall("POST", "tenants/acme/clients", object{
		"client_id": "orders", "name": "Orders API", "grant_types": []string{}, "resource_server_for": []string{audience},
	}, &server)
	if got := (&asker{first, f.balanced(never)}).ask(t.Context(), nil); got.err != nil {
		t.Fatal(got)
	}
	v, d := newVerifiers(t, f), &delays{}
	tokens, rounds := 0, often(4, 30)
	for round := range rounds {
		l := &leak{fleet: f, verifiers: v, server: client{"orders", server.Secret}, number: round, delays: d}
		l.run()
		tokens += len(l.signed)
	}
	fault := fmt.Sprintf("%d keys revoked under load, every other time right after kill -9", rounds)
	figure(t, fault, "out of the JWKS of every node", "%s", spread(d.published))
	figure(t, fault, "another key signs on every node", "%s", spread(d.signed))
	figure(t, fault, "tokens of it introspect as inactive on every node", "%s", spread(d.introspected))
	figure(t, fault, "tokens of it that the report does not cover", "%d of %d", d.uncovered, tokens)
}

// spread tells the middle, the tail and the longest.
func spread(list []time.Duration) string {
	slices.Sort(list)
	return fmt.Sprintf("p50 %s, p99 %s, longest %s (%d times)", percentile(list, 0.5), percentile(list, 0.99), percentile(list, 1), len(list))
}

func (l *leak) run() {
	l.t.Helper()
	l.mustCall("POST", "tenants/acme/signing-keys/rotate", object{}, nil) // so that a successor is published
	b := l.balanced(again)
	var clients []client
	for i := range 24 {
		clients = append(clients, l.newClient(fmt.Sprintf("c-%d-%d", l.number, i)))
	}
	got := (&asker{clients[0], b}).ask(l.t.Context(), nil)
	if got.err != nil {
		l.t.Fatal(got)
	}
	l.kid = got.kid
	l.note(clients[0], got)
	var asking sync.WaitGroup
	for _, c := range clients[1:] {
		asking.Go(func() {
			time.Sleep(time.Duration(rand.Int64N(int64(600 * time.Millisecond))))
			l.note(c, (&asker{c, b}).ask(context.WithoutCancel(l.t.Context()), nil))
		})
	}
	time.Sleep(250 * time.Millisecond)
	if l.number%2 == 1 {
		victim := l.nodes[rand.IntN(len(l.nodes))]
		victim.kill()
		defer victim.mustBeReady(l.t)
		defer victim.start(l.t)
	}
	l.revoke()
	l.mustBeInForce()
	asking.Wait()
	l.mustBeReported()
}

func (l *leak) note(c client, got answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if got.status == http.StatusOK && got.kid == l.kid {
		l.signed, l.owners = append(l.signed, got), append(l.owners, c)
	}
}

// revoke gives the order by the command line or the admin API.
func (l *leak) revoke() {
	l.t.Helper()
	if l.number%4 < 2 {
		if err := json.Unmarshal(l.mustOrder("keys", "revoke", "--tenant", "acme", "--json", "--", l.kid), &l.report); err != nil {
			l.t.Fatal(err)
		}
	} else {
		l.mustCall("POST", "tenants/acme/signing-keys/"+l.kid+"/revoke", object{}, &l.report)
	}
	l.reported = time.Now()
}

// mustBeInForce asks every node that lives until it has heard.
func (l *leak) mustBeInForce() {
	l.t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	took := func(list *[]time.Duration, n *node, what string, done func() bool) {
		wg.Go(func() {
			for !done() {
				if time.Since(l.reported) > within+time.Second {
					l.t.Errorf("revocation %d: %s is not in force at %s after %s", l.number, what, n.address, time.Since(l.reported))
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
			delay := time.Since(l.reported)
			if delay > within {
				l.t.Errorf("revocation %d: %s came in force at %s after %s", l.number, what, n.address, delay)
			}
			mu.Lock()
			defer mu.Unlock()
			*list = append(*list, delay)
		})
	}
	b, ctx := l.balanced(again), l.t.Context()
	first, c := l.signed[0], l.owners[0]
	for _, n := range l.nodes {
		if n.status(ctx, "/healthz") == 0 {
			continue // killed
		}
		took(&l.delays.published, n, "the JWKS", func() bool { return !l.publishes(n) })
		took(&l.delays.signed, n, "another key", func() bool {
			got := (&asker{c, b}).ask(ctx, n)
			return got.err == nil && got.kid != l.kid && l.verifiers.foreignCheck(ctx, got.token) == nil
		})
		took(&l.delays.introspected, n, "the end of its tokens", func() bool { return !l.active(n, first.token) })
	}
	wg.Wait()
}

func (l *leak) publishes(n *node) bool {
	set, err := jwksAt(at(l.t.Context(), n), l.balanced(again))
	if err != nil {
		l.t.Error(err)
		return true
	}
	return len(set.Key(l.kid)) > 0
}

// active asks a node about a token, as a resource server does.
func (l *leak) active(n *node, token string) bool {
	response, body, err := post(at(l.t.Context(), n), l.balanced(again), issuer+"/oauth2/introspect", l.server, url.Values{"token": {token}})
	if err != nil || response.StatusCode != http.StatusOK {
		l.t.Errorf("introspection: %v %s", err, body)
		return true
	}
	var said struct{ Active bool }
	if err := json.Unmarshal(body, &said); err != nil {
		l.t.Error(err)
	}
	return said.Active
}

// mustBeReported compares the report with the tokens that clients have, and
// every token must be dead.
func (l *leak) mustBeReported() {
	l.t.Helper()
	time.Sleep(time.Until(l.reported.Add(within)))
	for i, got := range l.signed {
		owner := l.owners[i].id
		covered := slices.Contains(l.report.Clients, owner) && slices.Contains(l.report.APIs, audience)
		hour := got.began.UTC().Truncate(time.Hour)
		listed := false
		for _, use := range l.report.Uses {
			listed = listed || use.ClientID == owner && use.Audience == audience && (use.Hour.Equal(hour) || use.Hour.Equal(got.ended.UTC().Truncate(time.Hour)))
		}
		if !covered || !listed || l.report.Until == nil || l.report.Until.Before(got.began.Add(86400*time.Second-time.Second)) {
			l.delays.uncovered++
			l.t.Errorf("revocation %d: the report does not cover the token that %s got %s after it (%d uses, until %v)",
				l.number, owner, got.ended.Sub(l.reported), len(l.report.Uses), l.report.Until)
		}
		for _, n := range l.nodes {
			if n.status(l.t.Context(), "/healthz") != 0 && l.active(n, got.token) {
				l.t.Errorf("revocation %d: a token of %s is active", l.number, owner)
			}
		}
	}
	// Our own verifier reads the key schedule, which it keeps for 30 s of its time.
	deadline := time.Now().Add(4 * time.Second)
	for _, err := l.verifiers.ours.Verify(l.t.Context(), l.signed[0].token); err == nil; _, err = l.verifiers.ours.Verify(l.t.Context(), l.signed[0].token) {
		if time.Now().After(deadline) {
			l.t.Errorf("revocation %d: package verify still accepts its tokens", l.number)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
