package store_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestURLThatCannotBeOpenedIsRefusedWithoutThePassword(t *testing.T) {
	for _, url := range []string{
		"", "gatehouse.db", "sqlite:", "sqlite::memory:", "sqlite://gatehouse.db", "mysql://u:hunter2@h/d",
		"postgres://u:hunter2 @h:port/d", "postgres://u:hunter2@h:port/d", "postgres://u:hun%ter2@h/d", "postgres://u:x@h/d?sslmode=hunter2",
	} {
		db, err := store.Open(t.Context(), url, store.Options{})
		if db != nil {
			t.Errorf("%s was opened, %v", url, err)
		} else if strings.Contains(err.Error(), "unter2") || strings.Contains(err.Error(), "hun%ter2") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

func TestSQLiteFileIsItsOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir with ?#% in it")
	db := storetest.OpenURL(t, "sqlite:"+filepath.Join(dir, "g.db"), store.Options{})
	must(t, db.Migrate(t.Context()))
	newTenant(t, db, "acme")
	for path, want := range map[string]os.FileMode{"": 0o700, "g.db": 0o600, "g.db-wal": 0o600, "g.db.lock": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%q has mode %o, want %o", path, info.Mode().Perm(), want)
		}
	}
}

func TestPostgresThatIsAwayIsUnavailable(t *testing.T) {
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // accepts, never answers
	must(t, err)
	defer silent.Close()
	for name, url := range map[string]string{
		"refusing": "postgres://u:p@127.0.0.1:1/d",
		"silent":   "postgres://u:p@" + silent.Addr().String() + "/d?sslmode=disable",
		"unknown":  "postgres://u:p@no-such-host.invalid/d",
	} {
		db := storetest.OpenURL(t, url, store.Options{Timeout: 200 * time.Millisecond})
		begun := time.Now()
		wantErr(t, db.Ping(t.Context()), tenants.ErrUnavailable)
		_, err := db.ClientByID(t.Context(), "t", "c")
		wantErr(t, err, tenants.ErrUnavailable)
		wantErr(t, db.AddSecret(t.Context(), &tenants.Secret{}, audit("secret.add")), tenants.ErrUnavailable)
		wantErr(t, db.AddUses(t.Context(), []tenants.FirstUse{{}}), tenants.ErrUnavailable)
		_, err = db.SchemaState(t.Context())
		wantErr(t, err, tenants.ErrUnavailable)
		wantErr(t, db.Migrate(t.Context()), tenants.ErrUnavailable)
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: six answers took %v", name, took)
		}
	}
}

// While one change is open, no other one gets a number: numbers are in the
// order of commits.
func TestChangesRunOneAtATime(t *testing.T) {
	url := storetest.URL(t)
	a := storetest.OpenURL(t, url, store.Options{})
	b := storetest.OpenURL(t, url, store.Options{Timeout: 300 * time.Millisecond})
	acme := newTenant(t, a, "acme")
	err := a.Publish(t.Context(), feed.Event{Kind: feed.Keys}, func(tx *gorm.DB) error {
		wantErr(t, b.UpdateTenant(t.Context(), acme, audit("tenant.update")), tenants.ErrUnavailable)
		if n, err := b.LastEvent(t.Context()); err != nil || n != 1 {
			t.Errorf("an open change shows: the last event is %d, %v", n, err)
		}
		if storetest.IsPostgres() {
			var limit string
			must(t, tx.Raw("SHOW idle_in_transaction_session_timeout").Scan(&limit).Error)
			if limit != "3s" {
				t.Errorf("a node that hangs here keeps the lock for %s", limit)
			}
		}
		return nil
	})
	must(t, err)
	must(t, b.UpdateTenant(t.Context(), acme, audit("tenant.update")))
	events, err := b.EventsAfter(t.Context(), 1, 10)
	must(t, err)
	if len(events) != 2 || events[0].Kind != feed.Keys || events[1].Kind != feed.Tenant {
		t.Errorf("events are %+v", events)
	}
}

func TestFailuresOfTheDatabaseAreUnavailable(t *testing.T) {
	url := storetest.URL(t)
	db := storetest.OpenURL(t, url, store.Options{})
	newTenant(t, db, "acme")
	for name, settings := range failures() {
		conn, err := db.Pool().Conn(t.Context())
		must(t, err)
		for _, setting := range settings {
			_, err = conn.ExecContext(t.Context(), setting)
		}
		wantErr(t, store.Translate(err), tenants.ErrUnavailable)
		t.Logf("%s: %v", name, store.Translate(err))
		_, _ = conn.ExecContext(t.Context(), "ROLLBACK")
		must(t, conn.Close())
	}
}

// failures returns statements whose last one fails for want of something.
func failures() map[string][]string {
	if storetest.IsPostgres() {
		return map[string][]string{
			"read-only": {"BEGIN READ ONLY", "UPDATE feed_head SET n = n"},
			"too slow":  {"BEGIN", "SET LOCAL statement_timeout = 1", "SELECT pg_sleep(10)"},
			"locked":    {"DO $$ BEGIN RAISE lock_not_available; END $$"},
			"full":      {"DO $$ BEGIN RAISE disk_full; END $$"},
			"shutdown":  {"DO $$ BEGIN RAISE admin_shutdown; END $$"},
			"deadlock":  {"DO $$ BEGIN RAISE deadlock_detected; END $$"},
		}
	}
	return map[string][]string{
		"full":      {"PRAGMA max_page_count = 1", "CREATE TABLE big AS SELECT zeroblob(1000000)"},
		"read-only": {"PRAGMA query_only = 1", "UPDATE feed_head SET n = n"},
	}
}

func TestCallerWhoGivesUpIsNoFailureOfTheDatabase(t *testing.T) {
	db, other := storetest.OpenPair(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := db.ClientByID(gone, "t", "c")
	wantErr(t, err, context.Canceled)
	waiting, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = db.Publish(t.Context(), feed.Event{Kind: feed.Keys}, func(*gorm.DB) error {
		time.AfterFunc(50*time.Millisecond, cancel)
		return other.AddSecret(waiting, &tenants.Secret{}, audit("secret.add"))
	})
	wantErr(t, err, context.Canceled)
	if errors.Is(err, tenants.ErrUnavailable) {
		t.Errorf("the caller gave up, and the database is blamed: %v", err)
	}
	err = db.CreateTenant(gone, &tenants.Tenant{ID: id(t)}, keys.SealedPepper{Sealed: []byte("p")}, audit("tenant.create"))
	wantErr(t, err, context.Canceled)
}

func TestLockedSQLiteFileAnswersReadersAndRefusesWritersInTime(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "g.db")
	db := storetest.OpenURL(t, url, store.Options{Timeout: 200 * time.Millisecond})
	must(t, db.Migrate(t.Context()))
	acme := newTenant(t, db, "acme")
	other := storetest.OpenURL(t, url, store.Options{})
	tx, err := other.Pool().BeginTx(t.Context(), nil) // takes the write lock before it writes
	must(t, err)
	wantErr(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")), tenants.ErrUnavailable)
	_, err = db.TenantByID(t.Context(), acme.ID)
	must(t, err)
	must(t, tx.Rollback())
	must(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")))
}

func TestEveryStatementIsCounted(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	for name, test := range map[string]struct {
		do   func() error
		want uint64
	}{
		"one read":  {func() error { _, err := db.TenantIDBySlug(t.Context(), "acme"); return err }, 1},
		"two reads": {func() error { _, err := db.TenantByID(t.Context(), acme.ID); return err }, 2},
		"nothing":   {func() error { return nil }, 0},
		"raw":       {func() error { return db.Ping(t.Context()) }, 1},
		// head, event, tenant, audit; the hosts', the version's and the key set's besides
		"change": {func() error { return db.UpdateTenant(t.Context(), acme, audit("tenant.update")) }, 7},
	} {
		before := db.Queries()
		must(t, test.do())
		if got := db.Queries() - before; got != test.want {
			t.Errorf("%s: %d statements, want %d", name, got, test.want)
		}
	}
	if db.Stats().MaxOpenConnections == 0 {
		t.Error("the pool is unbounded")
	}
}
