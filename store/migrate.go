package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// SchemaState compares a database's schema with the one that this program needs.
type SchemaState string

// The values of SchemaState.
const (
	SchemaEmpty   SchemaState = "empty"   // never migrated
	SchemaCurrent SchemaState = "current" // as this program needs it
	SchemaOlder   SchemaState = "older"   // "migrate up" is due
	SchemaNewer   SchemaState = "newer"   // a newer program has migrated it
	// SchemaMigrating is on its way from older to current, by another process.
	SchemaMigrating SchemaState = "being migrated"
)

// ErrSchemaNewer means that a newer program has migrated the database.
var ErrSchemaNewer = errors.New("the database schema is newer than this program")

// Migration is one step of the schema.
type Migration struct {
	Version   int64      `json:"version"`
	Name      string     `json:"name"`       // of its file; empty if this program does not know it
	AppliedAt *time.Time `json:"applied_at"` // nil while it is pending
}

// Migrate brings the schema up to date; processes that do so at once wait for
// each other. On SQLite it needs Lock, and takes it for the while if this
// process does not have it. A newer schema is ErrSchemaNewer.
func (db *DB) Migrate(ctx context.Context) error {
	if state, err := db.SchemaState(ctx); err != nil || state == SchemaCurrent {
		return err
	} else if state == SchemaNewer {
		return ErrSchemaNewer
	}
	if unlock, err := db.lockForNow(); err != nil {
		return err
	} else {
		defer unlock()
	}
	provider, err := db.goose()
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", translate(err))
	}
	return nil
}

// lockForNow takes the lock unless it is held, and returns how to give it back.
func (db *DB) lockForNow() (unlock func(), err error) {
	db.mu.Lock()
	held := db.lock != nil
	db.mu.Unlock()
	if err := db.Lock(); err != nil || held || db.path == "" {
		return func() {}, err
	}
	return func() {
		db.mu.Lock()
		defer db.mu.Unlock()
		_ = db.lock.release() // the kernel does it in any case
		db.lock = nil
	}, nil
}

// MigrationsFingerprint names the schema that this program needs: another
// migration is another fingerprint. Databases prepared for tests go by it.
func MigrationsFingerprint() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := migrations.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:6]), err
}

func (db *DB) goose() (*goose.Provider, error) {
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger())}
	dialect, dir := goose.DialectSQLite3, "migrations/sqlite"
	if db.path == "" {
		dialect, dir = goose.DialectPostgres, "migrations/postgres"
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // tries each second, 5 min
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db.sql, files, options...)
}

// MigrationStatus returns all steps in order, applied ones and pending ones. It
// changes nothing.
func (db *DB) MigrationStatus(ctx context.Context) ([]Migration, error) {
	provider, err := db.goose()
	if err != nil {
		return nil, err
	}
	applied, err := db.applied(ctx)
	if err != nil {
		return nil, err
	}
	list := []Migration{}
	for _, source := range provider.ListSources() {
		m := Migration{Version: source.Version, Name: source.Path}
		if at, ok := applied[source.Version]; ok {
			m.AppliedAt = &at
		}
		list = append(list, m)
		delete(applied, source.Version)
	}
	return append(list, unknown(applied)...), nil
}

// SchemaState says whether the schema is what this program needs.
func (db *DB) SchemaState(ctx context.Context) (SchemaState, error) {
	state, err := db.schemaStateNow(ctx)
	if err != nil || state != SchemaOlder || db.path != "" { // on SQLite nobody can look meanwhile
		return state, err
	}
	var migrating bool
	err = db.gorm.WithContext(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND classid::bigint << 32 | objid::bigint = ?)`, lock.DefaultLockID).Scan(&migrating).Error
	if err != nil {
		return "", translate(err)
	}
	if migrating {
		return SchemaMigrating, nil
	}
	return db.schemaStateNow(ctx) // the lock may have been given back since it was older
}

func (db *DB) schemaStateNow(ctx context.Context) (SchemaState, error) {
	list, err := db.MigrationStatus(ctx)
	if err != nil {
		return "", err
	}
	return stateOf(list), nil
}

func stateOf(list []Migration) SchemaState {
	pending, newer := 0, false
	for _, m := range list {
		if m.AppliedAt == nil {
			pending++
		}
		newer = newer || m.Name == ""
	}
	switch {
	case newer:
		return SchemaNewer
	case pending == len(list):
		return SchemaEmpty
	case pending > 0:
		return SchemaOlder
	}
	return SchemaCurrent
}
