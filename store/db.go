// Package store keeps everything in one database: an SQLite file for one node,
// PostgreSQL for any number. It owns the tables, their migrations, and the
// change feed that ends every change; each exported method is one transaction.
// It never decides who may do what, and opens nothing that is sealed.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// DB is the database. It is safe for concurrent use.
//
// Every method answers within Options.Timeout. A database that is away, too
// slow, full or read-only is tenants.ErrUnavailable.
type DB struct {
	gorm    *gorm.DB
	sql     *sql.DB
	options Options
	path    string        // of the SQLite file, empty on PostgreSQL
	writing chan struct{} // SQLite: held by the one writer of this process
	queries atomic.Uint64

	mu          sync.Mutex
	subscribers []func(feed.Event)
	lock        *fileLock
}

var (
	_ admin.Store    = (*DB)(nil)
	_ tenants.Source = (*DB)(nil)
	_ feed.Source    = (*DB)(nil)
)

// Options tune a DB. The zero value is what a server wants.
type Options struct {
	Now         func() time.Time // the clock; nil: time.Now
	Timeout     time.Duration    // for each method, migrations apart; 0: 2.5 s
	Connections int              // at most; 0: 20 on PostgreSQL, 8 on SQLite
}

// Open returns the database that dsn names: "sqlite:" and a path, or a
// "postgres://" URL. It creates a missing SQLite file (mode 0600) and its
// directory (mode 0700), and waits for nothing: a PostgreSQL that is away
// shows in each method's error. It does not migrate.
func Open(ctx context.Context, dsn string, options Options) (*DB, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Timeout == 0 {
		options.Timeout = 2500 * time.Millisecond
	}
	db := &DB{options: options}
	err := errors.New(`the database URL must begin with "sqlite:" or "postgres://"`)
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		err = db.openSQLite(ctx, path)
	} else if scheme, _, ok := strings.Cut(dsn, "://"); ok && (scheme == "postgres" || scheme == "postgresql") {
		err = db.openPostgres(dsn)
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}

// start puts GORM on the opened pool.
func (db *DB) start(dialector gorm.Dialector) error {
	g, err := gorm.Open(dialector, &gorm.Config{
		Logger:                 logger.Discard,
		NowFunc:                db.now,
		PrepareStmt:            db.path != "",
		QueryFields:            true, // a column added by a newer version changes no result
		DisableAutomaticPing:   true,
		SkipDefaultTransaction: true,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("opening the database: %w", err), db.sql.Close())
	}
	db.gorm = g
	return db.count()
}

// count has every statement counted before it is sent.
func (db *DB) count() error {
	one := func(*gorm.DB) { db.queries.Add(1) }
	c := db.gorm.Callback()
	return errors.Join(
		c.Create().Before("gorm:create").Register("count", one),
		c.Query().Before("gorm:query").Register("count", one),
		c.Update().Before("gorm:update").Register("count", one),
		c.Delete().Before("gorm:delete").Register("count", one),
		c.Row().Before("gorm:row").Register("count", one),
		c.Raw().Before("gorm:raw").Register("count", one),
	)
}

// Close ends all connections and gives the lock back.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	err := db.sql.Close()
	if db.lock != nil {
		err = errors.Join(err, db.lock.release())
		db.lock = nil
	}
	return err
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.read(ctx, func(tx *gorm.DB) error {
		var one int
		return tx.Raw("SELECT 1").Scan(&one).Error
	})
}

// Stats returns the state of the connection pool.
func (db *DB) Stats() sql.DBStats { return db.sql.Stats() }

// Queries returns how many SQL statements were sent so far, migrations and the
// bounds of transactions not counted.
func (db *DB) Queries() uint64 { return db.queries.Load() }

// now is the clock in the precision and zone in which times are stored.
func (db *DB) now() time.Time { return stored(db.options.Now()) }

// stored returns t as it reads back: UTC, in microseconds.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
