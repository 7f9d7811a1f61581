package cmd

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/server/adminapi"
	"github.com/gatehouse-auth/gatehouse/server/pages"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// kept is how many tenants, clients and APIs each a node keeps in memory.
const kept = 50_000

// Intervals of the work in the background.
const (
	flushEvery   = time.Minute
	janitorEvery = time.Hour
	feedKept     = 24 * time.Hour
	spentKept    = time.Hour // after its expiry: a node's clock may be slow, or this one's fast
)

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
	expiring atomic.Pointer[map[tenants.ExpiryKind]map[int]int64]

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
	hasher, err := passwords.NewHasher(slots)
	if err != nil {
		return nil, err
	}
	n.admin = newAdmin(settings, publicURL, db, sealer, n.peppers, n.pool.NewKey, hasher)
	n.rings = keys.NewRings(db, n.admin, sealer, settings.KeyTiming(), now)
	n.journal = grants.NewJournal(db)
	n.follower = feed.NewFollower(db, settings.FeedPoll, now, n.apply, n.reset)
	db.Subscribe(n.apply)
	n.keyUses = grants.NewKeyUses(db)
	outlet := fetch.New(fetch.Config{Allow: settings.FetchAllow})
	keysets := assertion.NewKeysets(outlet, now)
	of := n.grantParts(hasher, keysets, now)
	registry := newRegistry(of, settings.further.made(GrantParts{Directory: n.directory, Log: db, Now: now}))
	n.clients = grants.NewAuthenticator(n.directory, grants.NewThrottle(now), now, clientAuths(n, keysets, now)...)
	n.legacy = server.NewLegacyLog(db, now)
	n.metrics = server.NewMetrics()
	n.measure()
	n.adminAPI = adminapi.Mount(n.admin, adminapi.NewTokenAuthenticator(n.directory, n.rings, now))
	parts := server.Parts{
		Resolver: tenants.NewResolver(n.directory, publicURL, settings.DefaultTenant),
		Grants: grants.NewService(registry, n.clients, n.directory, n.rings, n.journal, now).
			WithRemotes(grants.NewRemotes(n.directory, outlet, n.rings, db, now)),
		Registry:  registry,
		Clients:   n.clients,
		Keys:      n.rings,
		Dialects:  settings.dialects,
		Legacy:    n.legacy,
		Sessions:  of.sessions,
		APIKeys:   n.admin,
		Devices:   of.devices,
		Rules:     of.rules,
		Pages:     pages.Mount(of.sessions, of.devices),
		Staleness: n.follower.Staleness,
		Heard:     n.heard.Load,
		Ready:     map[string]func(context.Context) error{"database": n.db.Ping, "migrations": n.migrated, "keys": n.keysOpen, "feed": n.fresh},
		Metrics:   n.metrics,
		Log:       log,
	}
	if settings.AdminListen == "" {
		parts.Admin = n.adminAPI
	}
	n.server = server.New(server.Config{
		PublicURL: publicURL, TrustedProxies: settings.TrustedProxies, MaxStaleness: settings.MaxStaleness,
		JWKSMaxAge: settings.JWKSMaxAge, Draining: n.draining,
	}, parts)
	return n, nil
}

// grantParts are what grants are made of. Without them the grants can tell
// their types and no more.
type grantParts struct {
	signIn   *grants.SignIn
	apiKeys  *grants.APIKeys
	refresh  *grants.RefreshTokens
	bearer   grants.JWTBearer
	sessions *grants.Sessions
	devices  *grants.Devices
	rules    *grants.Impersonations
}

func (n *node) grantParts(hasher *passwords.Hasher, keysets *assertion.Keysets, now func() time.Time) grantParts {
	signIn := grants.NewSignIn(n.directory, n.db, hasher, grants.FailureFloor, now)
	return grantParts{
		signIn:   signIn,
		apiKeys:  grants.NewAPIKeys(n.directory, n.peppers, n.keyUses, now),
		refresh:  grants.NewRefreshTokens(n.db, n.directory, n.peppers, now),
		bearer:   grants.JWTBearer{Issuers: n.directory, Keysets: keysets, Log: n.db, Now: now},
		sessions: grants.NewSessions(signIn, n.directory, n.db, n.peppers, now),
		devices:  grants.NewDevices(n.db, n.directory, n.peppers, now),
		rules:    grants.NewImpersonations(n.directory, n.directory, n.db, n.peppers, now),
	}
}

// newRegistry lists the grants that this program knows, its own and further ones.
func newRegistry(p grantParts, further []grants.Grant) *grants.Registry {
	return grants.NewRegistry(append([]grants.Grant{
		grants.ClientCredentials{},
		grants.Password{SignIn: p.signIn},
		grants.UserAndClient{SignIn: p.signIn},
		grants.TokenRenewal{},
		grants.APIKey{Keys: p.apiKeys},
		grants.RefreshToken{Tokens: p.refresh},
		p.bearer,
		grants.Session{Sessions: p.sessions},
		grants.Device{Devices: p.devices},
		grants.NewTokenExchange(p.rules),
	}, further...)...)
}

// clientAuths lists the methods by which clients prove who they are.
func clientAuths(n *node, keysets *assertion.Keysets, now func() time.Time) []grants.ClientAuth {
	return []grants.ClientAuth{
		grants.ClientSecret{Pepper: n.peppers, Now: now}, grants.NewPrivateKeyJWT(keysets, n.db, now),
		grants.NewClientSecretJWT(n.sealer, n.db, now), grants.PublicClient{}, grants.StandIn{},
	}
}

// newAdmin makes the use cases, for a node and for the command line.
// newKey makes signing keys; nil: one by one, as they are needed. hasher is that
// of the node; nil: one for each password.
func newAdmin(settings *Settings, publicURL *url.URL, db *store.DB, sealer *keys.Sealer, peppers *keys.Peppers,
	newKey func(*keys.Sealer, string, int) keys.NewKey, hasher *passwords.Hasher) *admin.Service {

	registry := newRegistry(grantParts{}, settings.further.made(GrantParts{}))
	return admin.New(db, sealer, peppers, admin.Config{
		PublicURL: publicURL, Timing: settings.KeyTiming(), Dialects: server.DialectRules(settings.dialects), Grants: registry.Types(), PublicGrants: registry.PublicTypes(),
		AuthMethods: []string{oauth.AuthSecretBasic, oauth.AuthSecretPost, oauth.AuthPrivateKeyJWT, oauth.AuthSecretJWT, oauth.AuthNone},
		NewKey:      newKey, CheckURL: fetch.New(fetch.Config{Allow: settings.FetchAllow}).Check,
	}, time.Now)
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

// migrated is the readiness check of the schema.
func (n *node) migrated(ctx context.Context) error {
	state, err := n.db.SchemaState(ctx)
	if err == nil && state != store.SchemaCurrent {
		err = fmt.Errorf("the schema is %s", state)
	}
	return err
}

// keysOpen is the readiness check of the signing keys: the master key opens
// those of the operator tenant.
func (n *node) keysOpen(ctx context.Context) error {
	operator, err := n.directory.BySlug(ctx, tenants.OperatorSlug)
	if err != nil {
		return err
	}
	if _, err := n.peppers.MAC(ctx, operator.ID, "readiness"); err != nil {
		return err
	}
	_, err = n.rings.JWKS(ctx, operator.ID)
	return err
}

// fresh is the readiness check of the change feed.
func (n *node) fresh(context.Context) error {
	if n.follower.Staleness() > n.settings.MaxStaleness {
		return errors.New("no news from the database for too long")
	}
	return nil
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

// background runs what goes on beside requests until ctx ends.
func (n *node) background(ctx context.Context) {
	go n.follower.Run(ctx, func(err error) { n.log.Error("the change feed could not be read", zap.Error(err)) })
	go n.pool.Run(ctx)
	go n.tendKeys(ctx)
	go n.tidy(ctx)
	go n.every(ctx, flushEvery, "the state of the keys could not be read", n.lookAtKeys)
	go n.every(ctx, flushEvery, "counts of tokens could not be stored", func(ctx context.Context) error {
		return errors.Join(n.journal.Flush(ctx, time.Now()), n.keyUses.Flush(ctx), n.clients.FlushUses(ctx, n.db))
	})
	go n.every(ctx, janitorEvery, "old attempts to sign in could not be purged", func(ctx context.Context) error {
		_, err := n.db.PurgeAttempts(ctx, time.Now())
		return err
	})
	go n.every(ctx, flushEvery, "counts of legacy endpoints could not be stored", n.legacy.Flush)
	go n.every(ctx, janitorEvery, "old refresh tokens could not be purged", func(ctx context.Context) error {
		_, err := n.db.PurgeRefreshTokens(ctx, time.Now().Add(-feedKept))
		return err
	})
	go n.every(ctx, janitorEvery, "old sessions could not be purged", func(ctx context.Context) error {
		_, err := n.db.PurgeSessions(ctx, time.Now())
		return err
	})
	go n.every(ctx, janitorEvery, "old events could not be purged", func(ctx context.Context) error {
		_, err := n.db.PurgeFeed(ctx, time.Now().Add(-feedKept))
		return err
	})
	go n.every(ctx, janitorEvery, "spent assertions could not be purged", func(ctx context.Context) error {
		_, err := n.db.PurgeSpentAssertions(ctx, time.Now().Add(-spentKept))
		return err
	})
}

func (n *node) every(ctx context.Context, interval time.Duration, failed string, work func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := work(ctx); err != nil && ctx.Err() == nil {
				n.log.Error(failed, zap.Error(err))
			}
		}
	}
}
