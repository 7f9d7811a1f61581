package cmd

import (
	"crypto/x509"
	"net/url"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/fetch"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/server/adminapi"
	"github.com/gatehouse-auth/gatehouse/server/pages"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// kept is how many tenants, clients and APIs each a node keeps in memory.
const kept = 50_000

// poolSize is how many signing keys are made ahead.
const poolSize = 8

// node is one serving process with all its parts.
type node struct {
	settings  *Settings
	log       *zap.Logger
	db        *store.DB
	sealer    *keys.Sealer
	admin     *admin.Service
	directory *tenants.Directory
	peppers   *keys.Peppers
	rings     *keys.Rings
	follower  *feed.Follower
	heard     atomic.Uint64 // changes that the caches have taken in
	journal   *grants.Journal
	keyUses   *grants.KeyUses
	clients   *grants.Authenticator
	legacy    *server.LegacyLog
	metrics   *server.Metrics
	pool      *keys.Pool // of keys made ahead

	keyMetrics struct {
		ages     atomic.Pointer[store.KeyAges]
		failures atomic.Uint64
	}
	expiring    atomic.Pointer[map[tenants.ExpiryKind]map[int]int64]
	certificate *x509.Certificate // that it serves; nil: no TLS here

	server   *server.Server
	ready    chan struct{} // closed when requests can be answered
	draining chan struct{} // closed when the node is about to stop
	adminAPI server.Mount
}

// newNode wires a node on an opened database. It touches the database not yet.
func newNode(settings *Settings, log *zap.Logger, db *store.DB, sealer *keys.Sealer) (*node, error) {
	publicURL, err := url.Parse(settings.PublicURL)
	if err != nil {
		return nil, err
	}
	now := time.Now
	n := &node{settings: settings, log: log, db: db, sealer: sealer, ready: make(chan struct{}), draining: make(chan struct{})}
	n.directory = tenants.NewDirectory(db, kept)
	n.peppers = keys.NewPeppers(db, sealer)
	n.pool = keys.NewPool(poolSize)
	slots := settings.PasswordSlots
	if slots == 0 {
		slots = passwords.Slots()
	}
	hasher, err := passwords.NewHasher(slots, passwords.DefaultCost())
	if err != nil {
		return nil, err
	}
	n.admin = newAdmin(settings, publicURL, db, sealer, n.peppers, n.pool.NewKey, hasher)
	n.rings = keys.NewRings(db, n.admin, sealer, settings.KeyTiming(), now)
	n.journal = grants.NewJournal(db)
	n.follower = feed.NewFollower(db, settings.FeedPoll, now, n.apply, n.reset)
	db.Subscribe(n.apply)
	n.keyUses = &grants.KeyUses{}
	outlet := fetch.New(fetch.Config{Allow: settings.FetchAllow})
	keysets := assertion.NewKeysets(outlet, now)
	of := n.grantParts(hasher, keysets, now)
	registry := newRegistry(of, settings.further.made(GrantParts{Directory: n.directory, Log: db, Now: now}))
	n.clients = grants.NewAuthenticator(n.directory, grants.NewThrottle(now), now, clientAuths(n, keysets, now)...)
	n.legacy = server.NewLegacyLog(db, now)
	n.metrics = server.NewMetrics()
	n.measure()
	n.adminAPI = adminapi.Mount(n.admin, adminapi.NewTokenAuthenticator(n.directory, grants.NewInspector(n.directory, n.rings, now)))
	service := grants.NewService(registry, n.clients, n.directory, n.rings, n.journal, now).
		WithRemotes(grants.NewRemotes(n.directory, outlet, n.rings, db, now))
	n.server = n.front(publicURL, registry, service, of)
	return n, nil
}

// front makes the server of what has been made.
func (n *node) front(publicURL *url.URL, registry *grants.Registry, service *grants.Service, of grantParts) *server.Server {
	parts := server.Parts{
		Resolver:  tenants.NewResolver(n.directory, publicURL, n.settings.DefaultTenant),
		Grants:    service,
		Registry:  registry,
		Clients:   n.clients,
		Keys:      n.rings,
		Dialects:  n.settings.dialects,
		Legacy:    n.legacy,
		Sessions:  of.sessions,
		APIKeys:   n.admin,
		Devices:   of.devices,
		Rules:     of.rules,
		Pages:     pages.Mount(of.sessions, of.devices),
		Staleness: n.follower.Staleness,
		Heard:     n.heard.Load,
		Ready:     n.readiness(),
		Metrics:   n.metrics,
		Log:       n.log,
	}
	if n.settings.AdminListen == "" {
		parts.Admin = n.adminAPI
	}
	return server.New(server.Config{
		PublicURL: publicURL, TrustedProxies: n.settings.TrustedProxies, MaxStaleness: n.settings.MaxStaleness,
		JWKSMaxAge: n.settings.JWKSMaxAge, Draining: n.draining,
	}, parts)
}

// apply drops from memory what an event names.
func (n *node) apply(e feed.Event) {
	n.directory.Apply(e)
	n.peppers.Apply(e)
	n.rings.Apply(e)
	n.heard.Add(1)
}

func (n *node) reset() {
	n.directory.Reset()
	n.peppers.Reset()
	n.rings.Reset()
	n.heard.Add(1)
}

// measure adds what the parts know of themselves to the metrics.
func (n *node) measure() {
	n.metrics.Gauge("gatehouse_feed_staleness_seconds", "How long ago the last successful poll of the change feed began.",
		func() float64 { return n.follower.Staleness().Seconds() })
	for name, stats := range n.directory.Stats() {
		n.metrics.Cache(name, stats)
	}
	n.metrics.Cache("keys", n.rings.Stats)
	n.measureKeys()
	n.measureExpiry()
}
