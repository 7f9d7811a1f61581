package cmd

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// nodeOn wires a node on an empty database that furnished has filled.
func nodeOn(t *testing.T, log *zap.Logger) *node {
	t.Helper()
	environ := []string{"GATEHOUSE_DATABASE_URL=" + storetest.EmptyURL(t), "GATEHOUSE_MASTER_KEY=" + strings.Repeat("ab", 32)}
	must(t, furnished(environ))
	settings, err := LoadSettings("", environ, nil)
	must(t, err)
	db, err := store.Open(t.Context(), string(settings.DatabaseURL), store.Options{})
	must(t, err)
	t.Cleanup(func() { db.Close() })
	sealer, err := openSealer(t.Context(), settings, db)
	must(t, err)
	n, err := newNode(settings, log, db, sealer)
	must(t, err)
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatEndsSoonIsToldInTheLogAndInTheMetrics(t *testing.T) {
	core, logged := observer.New(zap.WarnLevel)
	n := nodeOn(t, zap.New(core))
	operator, err := n.db.Tenant(t.Context(), tenants.OperatorSlug)
	must(t, err)
	now := time.Now()
	ends := now.AddDate(0, 0, 5)
	must(t, n.db.CreateClient(t.Context(), &tenants.Client{
		TenantID: operator.ID, ID: "erp", Name: "ERP", Status: tenants.Active, ExpiresAt: &ends,
	}, tenants.AuditEvent{}))
	metrics := func() string {
		answer := httptest.NewRecorder()
		n.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
		return answer.Body.String()
	}
	if line := `gatehouse_expiring{kind="client",within_days="7"} 0`; !strings.Contains(metrics(), line) {
		t.Errorf("before the first count there is no %s", line)
	}
	for range 2 { // the second time nothing is told, but all is counted
		must(t, n.warnOfExpiry(t.Context(), now))
	}
	for _, line := range []string{
		`gatehouse_expiring{kind="client",within_days="30"} 1`, `gatehouse_expiring{kind="client",within_days="7"} 1`,
		`gatehouse_expiring{kind="client",within_days="1"} 0`, `gatehouse_expiring{kind="client_secret",within_days="30"} 0`,
		`gatehouse_expiring{kind="client_key",within_days="30"} 0`, `gatehouse_expiring{kind="api_key",within_days="30"} 0`,
	} {
		if !strings.Contains(metrics(), line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
	told := logged.FilterMessage("something ends soon").All()
	if len(told) != 1 || told[0].ContextMap()["id"] != "erp" || told[0].ContextMap()["within_days"] != int64(7) {
		t.Errorf("logged was %v", told)
	}
}

// What one node left behind, another one purges as soon as it runs.
func TestWhatIsOverIsPurged(t *testing.T) {
	n := nodeOn(t, zap.NewNop())
	operator, err := n.db.Tenant(t.Context(), tenants.OperatorSlug)
	must(t, err)
	now := time.Now()
	spend := func() error {
		return n.db.SpendAssertion(t.Context(), tenants.SpentAssertion{TenantID: operator.ID, Digest: "d", ExpiresAt: now}, tenants.Issue{})
	}
	must(t, spend())
	must(t, n.purge(t.Context(), now))
	if err := spend(); !errors.Is(err, tenants.ErrExists) {
		t.Errorf("what expires now was purged: %v", err)
	}
	head, err := n.db.LastEvent(t.Context())
	must(t, err)
	must(t, n.purge(t.Context(), now.AddDate(0, 0, 2)))
	must(t, spend())
	events, err := n.db.EventsAfter(t.Context(), 0, 1000)
	must(t, err)
	if head == 0 || len(events) != 0 {
		t.Errorf("%d of %d events were kept", len(events), head)
	}
}

func TestAuditEventsAreKeptAsLongAsTheSettingSays(t *testing.T) {
	n := nodeOn(t, zap.NewNop())
	left := func() int {
		events, err := n.db.AllAuditEvents(t.Context(), admin.Range{}, time.Time{})
		must(t, err)
		return len(events)
	}
	later := time.Now().Add(n.settings.AuditRetention)
	for _, c := range []struct {
		kept time.Duration
		now  time.Time
		none bool
	}{{n.settings.AuditRetention, later.Add(-time.Hour), false}, {0, later.Add(2 * time.Hour), false}, {n.settings.AuditRetention, later.Add(2 * time.Hour), true}} {
		n.settings.AuditRetention = c.kept
		must(t, n.purge(t.Context(), c.now))
		if got := left(); (got == 0) != c.none {
			t.Errorf("kept for %v, %d are left", c.kept, got)
		}
	}
}

func TestTheCertificateThatANodeServesIsWarnedOf(t *testing.T) {
	core, logged := observer.New(zap.WarnLevel)
	n := nodeOn(t, zap.New(core))
	now := time.Now()
	cert, key := certificate(t, now.Add(6*24*time.Hour))
	n.settings.TLSCert, n.settings.TLSKey, n.settings.Listen = cert, key, "127.0.0.1:0"
	listeners, err := n.listen()
	must(t, err)
	for _, l := range listeners {
		l.Close()
	}
	for range 2 {
		must(t, n.warnOfExpiry(t.Context(), now))
	}
	operator, err := n.db.Tenant(t.Context(), tenants.OperatorSlug)
	must(t, err)
	events, err := n.db.AuditEvents(t.Context(), operator.ID, admin.Range{Prefix: "tls_certificate.expiring"}, time.Time{})
	must(t, err)
	told := logged.FilterMessage("something ends soon").Len()
	if len(events) != 1 || events[0].Details["within_days"] != 7.0 || told != 1 {
		t.Errorf("%d lines in the log, audit events %v", told, events)
	}
	counts := (*n.expiring.Load())[tenants.TLSCertificateExpiry]
	if counts[30] != 1 || counts[7] != 1 || counts[1] != 0 {
		t.Errorf("the metric: %v", counts)
	}
	must(t, n.warnOfExpiry(t.Context(), now.AddDate(1, 0, 0))) // it is over
	if counts := (*n.expiring.Load())[tenants.TLSCertificateExpiry]; len(counts) != 0 {
		t.Errorf("the metric after its end: %v", counts)
	}
}

// Every hour, and when a node starts, nothing is left of what has ended.
func TestTheJanitorLeavesNothingThatHasEnded(t *testing.T) {
	n := nodeOn(t, zap.NewNop())
	ctx, db := t.Context(), n.db
	operator, err := db.Tenant(ctx, tenants.OperatorSlug)
	must(t, err)
	tenantID, then, ended := operator.ID, time.Now().AddDate(-1, 0, 0), time.Now().AddDate(0, -6, 0)
	event := func() tenants.AuditEvent { return tenants.AuditEvent{ID: uuid.NewString(), TenantID: tenantID} }
	must(t, db.CreateClient(ctx, &tenants.Client{TenantID: tenantID, ID: "app", Status: tenants.Active}, event()))
	must(t, db.CreateUser(ctx, &tenants.User{TenantID: tenantID, ID: "ann", Username: "ann", Status: tenants.Active}, event()))

	session := &tenants.Session{ID: uuid.NewString(), TenantID: tenantID, UserID: "ann", Hash: []byte("s"), CreatedAt: then, SeenAt: then, ExpiresAt: ended}
	must(t, db.CreateSession(ctx, session, nil, event()))
	proof := func() error { return db.SpendProof(ctx, session, []byte("p"), ended, tenants.Issue{}) }
	must(t, proof())
	device := &tenants.DeviceCode{ID: uuid.NewString(), TenantID: tenantID, ClientID: "app", Hash: []byte("d"), UserCodeHash: []byte("u"), Scopes: oauth.Scopes{}, Status: tenants.DevicePending, CreatedAt: then, ExpiresAt: ended}
	must(t, db.CreateDeviceCode(ctx, device))
	for range tenants.DeviceGuesses {
		_, err := db.TakeGuess(ctx, tenantID, []string{"address"}, then)
		must(t, err)
	}
	attempt := tenants.Attempt{TenantID: tenantID, Account: "ann", Source: "192.0.2.1", At: then}
	must(t, db.SignedIn(ctx, attempt))
	assertion := tenants.SpentAssertion{TenantID: tenantID, Digest: "a", ExpiresAt: ended}
	must(t, db.SpendAssertion(ctx, assertion, tenants.Issue{}))
	must(t, db.RecordIssue(ctx, tenants.Issue{Opaque: &tenants.OpaqueToken{TenantID: tenantID, Hash: []byte("o"), Claims: []byte("{}"), ExpiresAt: ended}}))
	must(t, db.Revoke(ctx, tenants.Revocation{TenantID: tenantID, Kind: tenants.RevokedToken, Key: "j", NotBefore: then, ExpiresAt: ended}, event()))
	must(t, db.RecordIssue(ctx, tenants.Issue{Refresh: &tenants.RefreshStart{
		Family: tenants.RefreshFamily{ID: "f", TenantID: tenantID, ClientID: "app", UserID: "ann", Scopes: oauth.Scopes{}, CreatedAt: then, ExpiresAt: ended},
		Token:  tenants.RefreshToken{TenantID: tenantID, Hash: []byte("r"), FamilyID: "f", CreatedAt: then},
	}}))

	must(t, n.purge(ctx, time.Now()))
	gone := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, tenants.ErrNotFound) {
			t.Errorf("%s is still there: %v", what, err)
		}
	}
	_, err = db.SessionByHash(ctx, tenantID, session.Hash)
	gone("the session", err)
	_, _, err = db.PollDevice(ctx, tenantID, "app", device.Hash, then)
	gone("the device code", err)
	_, err = db.OpaqueTokenByHash(ctx, tenantID, []byte("o"))
	gone("the opaque token", err)
	_, err = db.RefreshToken(ctx, tenantID, []byte("r"))
	gone("the refresh token", err)
	if known, err := db.KnowsSource(ctx, attempt); err != nil || known {
		t.Errorf("the source is still known: %v", err)
	}
	if list, err := db.Revocations(ctx, tenantID); err != nil || len(list) != 0 {
		t.Errorf("revocations are left: %v, %v", list, err)
	}
	must(t, db.SpendAssertion(ctx, assertion, tenants.Issue{}))
	if wait, err := db.TakeGuess(ctx, tenantID, []string{"address"}, then); err != nil || wait != 0 {
		t.Errorf("guesses are still counted: %v, %v", wait, err)
	}
	must(t, db.CreateSession(ctx, session, nil, event()))
	must(t, proof())
}
