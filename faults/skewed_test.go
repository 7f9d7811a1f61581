package faults

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// clock is the true time, which only tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// skewed is some nodes in this process, each with a clock of its own that is
// off by an offset, on one database.
type skewed struct {
	t      *testing.T
	clock  *clock
	timing keys.Timing
	client client
	nodes  []*skewedNode
}

type skewedNode struct {
	offset   time.Duration
	db       *store.DB
	admin    *admin.Service
	follower *feed.Follower
	http     *httptest.Server
}

// newSkewed makes nodes on a database whose clocks are off by that much, and
// whose keys live by the platform's times but for period and lead.
func newSkewed(t *testing.T, database string, period, lead time.Duration, offsets ...time.Duration) *skewed {
	t.Helper()
	h := &skewed{
		t: t, clock: &clock{at: time.Now().UTC().Truncate(time.Second)},
		timing: keys.Timing{MaxAge: 300 * time.Second, Staleness: 30 * time.Second, Skew: time.Minute, Period: period, Lead: lead},
	}
	for _, offset := range offsets {
		h.nodes = append(h.nodes, h.open(database, offset))
	}
	return h
}

// open wires a node as `gatehouse serve` does, with another clock.
func (h *skewed) open(database string, offset time.Duration) *skewedNode {
	h.t.Helper()
	now := func() time.Time { return h.clock.now().Add(offset) }
	public, err := url.Parse(publicURL)
	if err != nil {
		h.t.Fatal(err)
	}
	sealer := keystest.Sealer()
	n := &skewedNode{offset: offset, db: storetest.OpenURL(h.t, database, store.Options{Now: now})}
	peppers, directory := keys.NewPeppers(n.db, sealer), tenants.NewDirectory(n.db, 1000)
	registry := grants.NewRegistry(grants.ClientCredentials{})
	n.admin = admin.New(n.db, sealer, peppers, admin.Config{
		PublicURL: public, Timing: h.timing, Grants: registry.Types(),
		AuthMethods: []string{oauth.AuthSecretBasic, oauth.AuthSecretPost}, NewKey: keystest.NewKey,
	}, now)
	rings := keys.NewRings(n.db, n.admin, sealer, h.timing, now)
	apply := func(e feed.Event) { directory.Apply(e); peppers.Apply(e); rings.Apply(e) }
	n.db.Subscribe(apply)
	n.follower = feed.NewFollower(n.db, time.Hour, now, apply, func() { directory.Reset(); peppers.Reset(); rings.Reset() })
	clients := grants.NewAuthenticator(directory, grants.NewThrottle(now), now, grants.ClientSecret{Pepper: peppers, Now: now})
	front := server.New(server.Config{PublicURL: public, MaxStaleness: h.timing.Staleness, JWKSMaxAge: h.timing.MaxAge}, server.Parts{
		Resolver: tenants.NewResolver(directory, public, ""),
		Grants:   grants.NewService(registry, clients, directory, rings, grants.NewJournal(n.db), now),
		Registry: registry, Clients: clients, Keys: rings, Staleness: n.follower.Staleness,
		Ready: map[string]func(context.Context) error{}, Metrics: server.NewMetrics(), Log: zap.NewNop(), Now: now,
	})
	n.http = httptest.NewUnstartedServer(nil)
	n.http.Config = server.HTTPServer(front.Handler())
	n.http.Start()
	h.t.Cleanup(n.http.Close)
	return n
}

// seed makes the tenant acme with keys of the algorithm and a first key, an API
// whose tokens live as long as any may, and a client. It returns the tenant's
// id.
func (h *skewed) seed(alg string) string {
	h.t.Helper()
	ctx, first := h.t.Context(), h.nodes[0].admin
	must := func(err error) {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
	}
	operator := admin.Actor{Name: "test", Scopes: admin.AllScopes()}
	_, err := first.Bootstrap(ctx, admin.BootstrapOptions{ClientID: operatorID, ClientSecret: operatorSecret})
	must(err)
	tenant, err := first.CreateTenant(ctx, operator, admin.NewTenant{Slug: "acme", Name: "Acme", SigningAlg: alg})
	must(err)
	_, err = first.CreateAPI(ctx, operator, "acme", admin.NewAPI{Identifier: audience, Name: "API", Lifetime: tenants.Lifetime{Default: int(oauth.MaxTokenLife / time.Second)}})
	must(err)
	h.client = client{"load", "a-secret-that-is-long-enough-for-it"}
	_, err = first.CreateClient(ctx, operator, "acme", admin.NewClient{ID: h.client.id, Secret: h.client.secret, ClientSettings: admin.ClientSettings{
		Name: "load", GrantTypes: []string{"client_credentials"}, APIs: []tenants.APIAccess{{Identifier: audience}},
	}})
	must(err)
	must(first.EnsureKey(ctx, tenant.ID, alg))
	return tenant.ID
}

// poll has a node read what others changed.
func (n *skewedNode) poll(t *testing.T) {
	t.Helper()
	if err := n.follower.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// balanced leads requests to the nodes in turn.
func (h *skewed) balanced() *balancer {
	b := &balancer{transport: &http.Transport{}}
	for _, n := range h.nodes {
		b.nodes = append(b.nodes, &node{address: n.http.Listener.Addr().String()})
	}
	return b
}
