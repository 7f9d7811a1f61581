package cmd

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

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
