// Package storetest opens empty stores for tests: each on a database of its
// own, a temporary SQLite file, or one of the PostgreSQL server that
// GATEHOUSE_TEST_DATABASE_URL names.
package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// variable names the PostgreSQL server to test on, by the URL of a user who may
// create databases.
const variable = "GATEHOUSE_TEST_DATABASE_URL"

// Open returns an empty, migrated store. It is closed, and its database deleted,
// when the test ends.
func Open(t testing.TB) *store.DB {
	t.Helper()
	return OpenURL(t, URL(t), store.Options{})
}

// OpenPair returns two stores on one empty, migrated database, as two nodes
// have them.
func OpenPair(t testing.TB) (a, b *store.DB) {
	t.Helper()
	url := URL(t)
	return OpenURL(t, url, store.Options{}), OpenURL(t, url, store.Options{})
}

// OpenThree returns three stores on one empty, migrated database.
func OpenThree(t testing.TB) (a, b, c *store.DB) {
	t.Helper()
	url := URL(t)
	return OpenURL(t, url, store.Options{}), OpenURL(t, url, store.Options{}), OpenURL(t, url, store.Options{})
}

// OpenURL opens the store that url names and closes it when the test ends. It is
// patient unless the options say otherwise: the machine may be busy.
func OpenURL(t testing.TB, url string, options store.Options) *store.DB {
	t.Helper()
	if options.Timeout == 0 {
		options.Timeout = time.Minute
	}
	db, err := store.Open(t.Context(), url, options)
	if err != nil {
		t.Fatalf("opening the store: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return db
}

// URL returns the URL of a new database, migrated and without a tenant.
func URL(t testing.TB) string {
	t.Helper()
	if server := os.Getenv(variable); server != "" {
		return fromTemplate(t, server)
	}
	migrated, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("migrating a store: %v", err)
	}
	file := sqliteFile(t)
	if err := os.WriteFile(file, migrated, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + file
}

// sqliteTemplate returns the bytes of a migrated SQLite file. Copying them is
// quicker than migrating, the more so under the race detector.
var sqliteTemplate = sync.OnceValues(func() (migrated []byte, err error) {
	dir, err := os.MkdirTemp("", "gatehouse-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "gatehouse.db")
	if err := migrate(context.Background(), "sqlite:"+file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// EmptyURL returns the URL of a new database that was never migrated.
func EmptyURL(t testing.TB) string {
	t.Helper()
	if server := os.Getenv(variable); server != "" {
		return newDatabase(t, server, "template0")
	}
	return "sqlite:" + sqliteFile(t)
}

func sqliteFile(t testing.TB) string { return filepath.Join(t.TempDir(), "gatehouse.db") }

// IsPostgres tells whether tests run on PostgreSQL.
func IsPostgres() bool { return os.Getenv(variable) != "" }

// migrate migrates the database and leaves nothing of it in memory or in a log
// beside it.
func migrate(ctx context.Context, url string) error {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}
