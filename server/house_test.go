package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/fetch"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/server/adminapi"
	"github.com/gatehouse-auth/gatehouse/server/pages"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// The operator's client of every house in these tests.
const operatorID, operatorSecret = "operator-client", "operator-secret"

// proxyAddress is where the trusted proxy of these tests connects from.
const proxyAddress = "127.0.0.9"

// builtin returns the dialects of every house, which are read once.
var builtin = sync.OnceValue(dialects.Builtin)

// house is a whole server on a real database, with a clock of its own.
type house struct {
	outlet        outlet // by which it asks others
	t             testing.TB
	db            *store.DB
	clock         *clock
	follower      *feed.Follower
	journal       *grants.Journal
	keyUses       *grants.KeyUses
	hasher        *passwords.Hasher
	legacy        *server.LegacyLog
	metrics       *server.Metrics
	logs          *observer.ObservedLogs
	http          *httptest.Server
	draining      chan struct{}
	service       *admin.Service
	server        *server.Server
	rings         *keys.Rings
	token         string // of the operator
	behind        string // the address that a trusted proxy says requests come from
	forwardedHost string // X-Forwarded-Host of every request
	slug          string // of the tenant that exchanges are asked of; empty: acme
}

// clock is a clock that only tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// failureFloor is how long a refused password takes here: more than any of
// these tests' hashes, so that it shows.
const failureFloor = 60 * time.Millisecond

const publicURL = "http://gatehouse.example"

// timing is the platform's default.
func timing() keys.Timing {
	return keys.Timing{MaxAge: 300 * time.Second, Staleness: 30 * time.Second, Skew: time.Minute, Period: 720 * time.Hour, Lead: 24 * time.Hour}
}

// newHouse opens a house on a database of its own and makes the operator.
func newHouse(t testing.TB) *house {
	h := openHouse(t, storetest.Open(t), sealer(t), &clock{now: time.Now().UTC().Truncate(time.Second)})
	if _, err := h.service.Bootstrap(t.Context(), admin.BootstrapOptions{ClientID: operatorID, ClientSecret: operatorSecret}); err != nil {
		t.Fatal(err)
	}
	return h
}

func sealer(t testing.TB) *keys.Sealer {
	t.Helper()
	s, err := keys.NewSealer([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openHouse(t testing.TB, db *store.DB, s *keys.Sealer, c *clock) *house {
	t.Helper()
	public, err := url.Parse(publicURL)
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zapcore.InfoLevel)
	h := &house{t: t, db: db, clock: c, logs: logs, draining: make(chan struct{})}
	peppers := keys.NewPeppers(db, s)
	directory := tenants.NewDirectory(db, 1000)
	hasher, err := passwords.NewHasher(1, cheap())
	if err != nil {
		t.Fatal(err)
	}
	h.hasher, h.keyUses = hasher, &grants.KeyUses{}
	keysets := assertion.NewKeysets(&h.outlet, c.Now)
	signIn := grants.NewSignIn(directory, db, hasher, failureFloor, c.Now)
	sessions := grants.NewSessions(signIn, directory, db, peppers, c.Now)
	devices := grants.NewDevices(db, directory, peppers, c.Now)
	refresh := grants.NewRefreshTokens(db, directory, peppers, c.Now)
	rules := grants.NewImpersonations(directory, directory, db, peppers, c.Now)
	registry := grants.NewRegistry(
		grants.ClientCredentials{},
		grants.Password{SignIn: signIn},
		grants.UserAndClient{SignIn: signIn},
		grants.TokenRenewal{Tokens: refresh},
		grants.APIKey{Keys: grants.NewAPIKeys(directory, peppers, h.keyUses, c.Now)},
		grants.RefreshToken{Tokens: refresh},
		grants.JWTBearer{Issuers: directory, Keysets: keysets, Log: db, Now: c.Now},
		grants.Session{Sessions: sessions},
		grants.Device{Devices: devices},
		grants.NewTokenExchange(rules),
	)
	service := newAdminService(db, s, peppers, public, registry, hasher, c)
	h.service = service
	rings := keys.NewRings(db, service, s, timing(), c.Now)
	var heard atomic.Uint64
	h.rings = rings
	apply := func(e feed.Event) { directory.Apply(e); peppers.Apply(e); rings.Apply(e); heard.Add(1) }
	reset := func() { directory.Reset(); peppers.Reset(); rings.Reset(); heard.Add(1) }
	db.Subscribe(apply)
	h.follower = feed.NewFollower(db, time.Hour, c.Now, apply, reset)
	h.poll()
	h.journal = grants.NewJournal(db)
	h.legacy = server.NewLegacyLog(db, c.Now)
	h.metrics = server.NewMetrics()
	clients := grants.NewAuthenticator(directory, grants.NewThrottle(c.Now), c.Now, grants.ClientSecret{Pepper: peppers, Now: c.Now},
		grants.NewPrivateKeyJWT(keysets, db, c.Now), grants.NewClientSecretJWT(s, db, c.Now), grants.PublicClient{}, grants.StandIn{})
	h.server = server.New(server.Config{
		PublicURL: public, TrustedProxies: []netip.Prefix{netip.MustParsePrefix(proxyAddress + "/32")},
		MaxStaleness: timing().Staleness, JWKSMaxAge: timing().MaxAge, Draining: h.draining,
		RequestTimeout: time.Minute, // the machine may be busy
	}, server.Parts{
		Resolver: tenants.NewResolver(directory, public, ""),
		Grants: grants.NewService(registry, clients, directory, rings, h.journal, c.Now).
			WithRemotes(grants.NewRemotes(directory, &h.outlet, rings, db, c.Now)),
		Registry:  registry,
		Dialects:  builtin(),
		Clients:   clients,
		Keys:      rings,
		Legacy:    h.legacy,
		Sessions:  sessions,
		APIKeys:   service,
		Devices:   devices,
		Rules:     rules,
		Pages:     pages.Mount(sessions, devices),
		Staleness: h.follower.Staleness,
		Heard:     heard.Load,
		Now:       c.Now,
		Ready:     map[string]func(context.Context) error{"database": db.Ping},
		Admin: func(r gin.IRouter) {
			adminapi.Register(r, service, adminapi.NewTokenAuthenticator(directory, grants.NewInspector(directory, rings, c.Now)))
		},
		Metrics: h.metrics,
		Log:     zap.New(core),
	})
	h.http = httptest.NewUnstartedServer(nil)
	h.http.Config = server.HTTPServer(h.server.Handler())
	h.http.Config.WriteTimeout = 2 * time.Minute // longer than RequestTimeout
	h.http.Start()
	t.Cleanup(h.http.Close)
	return h
}

func newAdminService(db *store.DB, s *keys.Sealer, peppers *keys.Peppers, public *url.URL, registry *grants.Registry, hasher *passwords.Hasher, c *clock) *admin.Service {
	return admin.New(db, s, peppers, admin.Config{
		PublicURL: public, Timing: timing(), Grants: registry.Types(), Dialects: server.DialectRules(builtin()),
		PublicGrants: registry.PublicTypes(), CheckURL: fetch.New(fetch.Config{}).Check,
		AuthMethods: []string{oauth.AuthSecretBasic, oauth.AuthSecretPost, oauth.AuthPrivateKeyJWT, oauth.AuthSecretJWT, oauth.AuthNone},
		NewKey:      keystest.NewKey, Passwords: hasher,
	}, c.Now)
}

func (h *house) poll() {
	h.t.Helper()
	if err := h.follower.Poll(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// post sends a form and returns the answer with its body.
func (h *house) post(path string, form url.Values) (*http.Response, map[string]any) {
	h.t.Helper()
	return h.do(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode(), "")
}

// do sends a request to the shared host and returns the answer with its JSON body.
func (h *house) do(method, path, contentType, body, bearer string) (*http.Response, map[string]any) {
	h.t.Helper()
	request, err := http.NewRequest(method, h.http.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	request.Host = "gatehouse.example"
	request.Header.Set("Content-Type", contentType)
	if h.forwardedHost != "" {
		request.Header.Set("X-Forwarded-Host", h.forwardedHost)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := h.roundTrip(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	var parsed map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &parsed); err != nil {
			h.t.Fatalf("%s %s answered %s", method, path, text)
		}
	}
	return response, parsed
}

// roundTrip sends a request from where the house is said to be.
func (h *house) roundTrip(request *http.Request) (*http.Response, error) {
	if h.behind == "" {
		return h.http.Client().Transport.RoundTrip(request)
	}
	request.Header.Set("X-Forwarded-For", "203.0.113.66, "+h.behind)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(proxyAddress)}}
	transport := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	return transport.RoundTrip(request)
}

// admin makes a call of the admin API as the operator and insists on success.
func (h *house) admin(method, path, body string) map[string]any {
	h.t.Helper()
	kept := h.token != ""
	if !kept {
		_, answer := h.post("/t/operator/oauth2/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {operatorID}, "client_secret": {operatorSecret},
		})
		h.token, _ = answer["access_token"].(string)
	}
	response, answer := h.do(method, "/admin/v1/"+path, "application/json", body, h.token)
	if response.StatusCode == http.StatusUnauthorized && kept { // the clock has moved on
		h.token = ""
		return h.admin(method, path, body)
	}
	if response.StatusCode >= 300 {
		h.t.Fatalf("%s %s: %s %v", method, path, response.Status, answer)
	}
	return answer
}
