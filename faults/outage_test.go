package faults

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// The database goes away without a word, stays away for longer than memory may
// be relied on, and comes back.
func TestDatabaseGoesAway(t *testing.T) {
	database := clusterFor(t)
	staleness := 3 * time.Second
	times := shortTimes()
	times["MAX_STALENESS"], times["ROTATION_LEAD"] = "3s", "6s"
	f := newFleet(t, 2, database.url, times)
	c := f.seed()
	b := f.balanced(never)
	for _, n := range f.nodes {
		f.mustBeAnswered(b, c, n)
	}
	cold := f.newClient("cold") // nobody has it in memory
	o := &outage{fleet: f, balancer: b}
	for range often(1, 10) {
		o.cycle(database, staleness, c, cold)
	}
	fault := fmt.Sprintf("PostgreSQL stopped at once and started again, %d times", often(1, 10))
	figure(t, fault, "JWKS, discovery and key schedule while it was away", "%d answers, %d of them 200", o.public, o.public-o.publicFailed)
	figure(t, fault, "token requests while it was away", "%d with a token, %d with 503 and Retry-After, %d with anything else", o.warm, o.unavailable, o.wrong)
	figure(t, fault, "tokens given out longer than max_staleness after it went", "%d", o.late)
	figure(t, fault, "first token of a node after it answered again", "%s", spread(o.back))
	figure(t, fault, "acknowledged revocations that were lost", "%d of %d", o.lost, o.revoked)
}

// outage counts what nodes answer while the database is away.
type outage struct {
	*fleet
	balancer *balancer

	mu                                            sync.Mutex
	public, publicFailed, warm, unavailable, late int
	wrong, lost, revoked                          int
	back                                          []time.Duration
}

func (o *outage) cycle(database *cluster, staleness time.Duration, c, cold client) {
	o.t.Helper()
	guest := o.newClient(fmt.Sprintf("guest-%d", o.revoked))
	o.mustBeAnswered(o.balancer, guest, o.nodes[0])
	// The last thing that it hears is that keys rotate: nodes must publish what
	// they knew, though it is not what they would read now.
	o.mustCall("POST", "tenants/acme/signing-keys/rotate", object{"immediately": true, "force": true}, nil)
	o.mustCall("PATCH", "tenants/acme/clients/"+guest.id, object{"status": "disabled"}, nil)
	o.revoked++

	ctx, stop := context.WithCancel(o.t.Context())
	var asking sync.WaitGroup
	if err := database.crash(); err != nil {
		o.t.Fatal(err)
	}
	gone := time.Now()
	for _, n := range o.nodes {
		asking.Go(func() { o.askPublic(ctx, n) })
		asking.Go(func() { o.askTokens(ctx, n, c, gone.Add(staleness+100*time.Millisecond)) })
		asking.Go(func() { o.askTokens(ctx, n, cold, gone) })
	}
	time.Sleep(2 * staleness)
	stop()
	asking.Wait()
	for _, n := range o.nodes {
		if n.status(o.t.Context(), "/readyz") != http.StatusServiceUnavailable || n.status(o.t.Context(), "/healthz") != http.StatusOK {
			o.t.Error("a node without its database must be alive and not ready")
		}
	}
	if err := database.start(); err != nil {
		o.t.Fatal(err)
	}
	o.recover(c, guest, time.Now())
}

// recover waits for the first token of each node after the database is back.
func (o *outage) recover(c, guest client, back time.Time) {
	o.t.Helper()
	for _, n := range o.nodes {
		took, err := o.until(o.balancer, c, n, http.StatusOK, back)
		if err != nil || took > 5*time.Second {
			o.t.Errorf("the first token came %s after the database was back: %v", took, err)
		}
		o.back = append(o.back, took)
		if got := (&asker{guest, o.balancer}).ask(o.t.Context(), n); got.status != http.StatusUnauthorized {
			o.lost++
			o.t.Errorf("a client that was disabled before the database went: %v", got)
		}
		if err := n.ready(o.t.Context()); err != nil {
			o.t.Error(err)
		}
	}
}

// askTokens asks a node until ctx ends. It may give out tokens until the
// instant, and nothing else than 503 and when to come back.
func (o *outage) askTokens(ctx context.Context, n *node, c client, until time.Time) {
	for ctx.Err() == nil {
		got := (&asker{c, o.balancer}).ask(ctx, n)
		if ctx.Err() != nil {
			return
		}
		o.mu.Lock()
		switch {
		case got.status == http.StatusOK && got.began.Before(until):
			o.warm++
		case got.status == http.StatusOK:
			o.late++
			o.t.Errorf("a token %s too late: %v", got.began.Sub(until), got)
		case got.status == http.StatusServiceUnavailable && got.retryAfter != "":
			o.unavailable++
		default:
			o.wrong++
			o.t.Errorf("%s without its database: %v", n.address, got)
		}
		o.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
}

func (o *outage) askPublic(ctx context.Context, n *node) {
	paths := []string{"jwks.json", "openid-configuration", "oauth-authorization-server", "key-schedule.json"}
	for i := 0; ctx.Err() == nil; i++ {
		path := issuer + "/.well-known/" + paths[i%len(paths)]
		request, err := http.NewRequestWithContext(at(ctx, n), http.MethodGet, path, nil)
		if err != nil {
			o.t.Error(err)
			return
		}
		response, err := o.balancer.RoundTrip(request)
		if ctx.Err() != nil {
			return
		}
		o.mu.Lock()
		o.public++
		switch {
		case err != nil:
			o.publicFailed++
			o.t.Errorf("%s: %v", path, err)
		case response.StatusCode != http.StatusOK:
			o.publicFailed++
			o.t.Errorf("%s: %s", path, response.Status)
		}
		o.mu.Unlock()
		if err == nil {
			response.Body.Close()
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// A node that is started while the database is away waits for it.
func TestServeStartedWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	database := clusterFor(t)
	if err := database.crash(); err != nil {
		t.Fatal(err)
	}
	f := prepareFleet(t, 1, database.url, nil)
	n := f.nodes[0]
	n.start(t)
	deadline := time.Now().Add(20 * time.Second)
	for n.status(t.Context(), "/healthz") != http.StatusOK && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	for range 10 {
		if health, ready := n.status(t.Context(), "/healthz"), n.status(t.Context(), "/readyz"); health != http.StatusOK || ready != http.StatusServiceUnavailable {
			t.Fatalf("healthz %d, readyz %d\n%s", health, ready, n.log.failures(5))
		}
		got := (&asker{client{"load", "secret"}, f.balanced(never)}).ask(t.Context(), n)
		if got.status != http.StatusServiceUnavailable || got.retryAfter == "" {
			t.Errorf("a token request: %v", got)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := database.start(); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	n.mustBeReady(t)
	took := time.Since(back)
	if took > 5*time.Second {
		t.Errorf("ready %s after the database was there", took)
	}
	f.mustBeAnswered(f.balanced(never), f.seed(), n)
	figure(t, "serve started while PostgreSQL is away", "ready after it was there", "%s, on an empty database", took.Round(time.Millisecond))
}

// A schema that is older than the program stops serve, which says what to do.
func TestServeRefusesAnOlderSchema(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, "", nil)
	n := f.nodes[0]
	db, err := sql.Open("pgx", f.database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)"); err != nil {
		t.Fatal(err)
	}
	n.kill()
	n.start(t)
	select {
	case <-n.ended:
	case <-time.After(20 * time.Second):
		t.Error("serve goes on")
		return
	}
	if n.err == nil || !strings.Contains(n.log.String(), "migrate up") {
		t.Errorf("serve ended with %v and did not say `migrate up`: %s", n.err, n.log.failures(5))
	}
}
