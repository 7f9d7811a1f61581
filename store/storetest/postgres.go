package storetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/gatehouse-auth/gatehouse/store"
)

// templateLock is the advisory lock under which one process makes the template.
const templateLock = 0x67617465

// fromTemplate copies the migrated template, which is made when the server has
// none for these migrations yet. Copying is quicker than migrating.
func fromTemplate(t testing.TB, server string) string {
	t.Helper()
	fingerprint, err := store.MigrationsFingerprint()
	if err != nil {
		t.Fatalf("reading the migrations: %v", err)
	}
	template := "gatehouse_template_" + fingerprint
	conn := connect(t, server)
	defer conn.Close(context.Background())
	run(t, conn, "SELECT pg_advisory_lock($1)", templateLock) // until the connection ends
	var there bool
	if err := conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", template).Scan(&there); err != nil {
		t.Fatalf("looking for the template database: %v", err)
	}
	if !there {
		half := template + "_new" // renamed when it is complete
		run(t, conn, "DROP DATABASE IF EXISTS "+half+" WITH (FORCE)")
		run(t, conn, "CREATE DATABASE "+half+" TEMPLATE template0 ENCODING 'UTF8'")
		if err := migrate(t.Context(), withDatabase(t, server, half)); err != nil {
			t.Fatalf("migrating the template database: %v", err)
		}
		run(t, conn, "ALTER DATABASE "+half+" RENAME TO "+template)
	}
	return newDatabase(t, server, template)
}

// newDatabase makes a copy of template that is dropped when the test ends.
func newDatabase(t testing.TB, server, template string) string {
	t.Helper()
	conn := connect(t, server)
	defer conn.Close(context.Background())
	name := "gatehouse_test_" + strings.ToLower(rand.Text())
	run(t, conn, "CREATE DATABASE "+name+" TEMPLATE "+template+" ENCODING 'UTF8'")
	t.Cleanup(func() {
		ctx := context.Background() // the test's has ended
		conn, err := pgx.Connect(ctx, server)
		if err == nil {
			_, err = conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
			conn.Close(ctx)
		}
		if err != nil {
			t.Errorf("dropping the test database: %v", err)
		}
	})
	return withDatabase(t, server, name)
}

func connect(t testing.TB, server string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return conn
}

func run(t testing.TB, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func withDatabase(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		t.Fatalf("%s must be a postgres:// URL", variable)
	}
	u.Path = "/" + name
	return u.String()
}
