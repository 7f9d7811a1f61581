package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gorm.io/driver/sqlite"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go
)

func (db *DB) openSQLite(ctx context.Context, path string) error {
	if path == "" || strings.HasPrefix(path, "//") || strings.HasPrefix(path, ":") {
		return errors.New(`the database URL must be "sqlite:" and the path of a file, such as sqlite:data/gatehouse.db or sqlite:/var/lib/gatehouse/gatehouse.db`)
	}
	if err := createFile(path); err != nil {
		return err
	}
	path, err := realPath(path)
	if err != nil {
		return fmt.Errorf("the SQLite file's path: %w", err)
	}
	db.path = path
	db.writing = make(chan struct{}, 1)
	if db.sql, err = sql.Open("sqlite", sqliteDSN(path)); err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	connections := db.options.Connections
	if connections == 0 {
		connections = 8
	}
	db.sql.SetMaxOpenConns(connections)
	db.sql.SetMaxIdleConns(connections)
	// The dialect asks for SQLite's version without a context, and would wait
	// for a locked file.
	ctx, cancel := context.WithTimeout(ctx, db.options.Timeout)
	defer cancel()
	if err := db.sql.PingContext(ctx); err != nil {
		return errors.Join(fmt.Errorf("opening %s: %w", path, translate(err)), db.sql.Close())
	}
	return db.start(sqlite.New(sqlite.Config{Conn: db.sql}))
}

// realPath returns the one path without symbolic links that a file has. SQLite
// keeps its log beside that, and so do we our lock.
func realPath(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// createFile makes the file for its owner only: SQLite gives its mode to the
// files beside it. A file that exists is not touched, as closing it would give
// back the locks that this process has on it.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("the SQLite file's directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the SQLite file: %w", err)
	}
	return f.Close()
}

// sqliteDSN returns the driver's name for the file. Times are integers, so that
// they compare; a transaction takes the write lock when it begins, so that none
// fails half way.
func sqliteDSN(path string) string {
	query := url.Values{
		"_busy_timeout":        {"10000"}, // ms; each method's own deadline is shorter
		"_journal_mode":        {"WAL"},
		"_synchronous":         {"FULL"}, // an acknowledged revocation survives a power cut
		"_foreign_keys":        {"1"},
		"_txlock":              {"immediate"},
		"_time_integer_format": {"unix_micro"},
		"_inttotime":           {"1"},
		"_timezone":            {"UTC"},
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}
