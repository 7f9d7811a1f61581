package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// translate turns what the two drivers say into the errors that are promised.
// It leaves alone what is no failure of the database, such as a caller who
// gave up.
func translate(err error) error {
	var ofSQLite *sqlite.Error
	var ofPostgres *pgconn.PgError
	switch {
	case err == nil, errors.Is(err, tenants.ErrUnavailable):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return tenants.ErrNotFound
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &ofPostgres):
		return translatePostgres(ofPostgres, err)
	case errors.As(err, &ofSQLite):
		return translateSQLite(ofSQLite)
	case lost(err):
		return unavailable(err)
	}
	return err
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", tenants.ErrUnavailable, err) }

// exists names the column that must be unique: the last word of a constraint
// such as "apis.tenant_id, apis.identifier".
func exists(constraint string) error {
	return fmt.Errorf("%s %w", constraint[strings.LastIndexByte(constraint, '.')+1:], tenants.ErrExists)
}

// translateSQLite goes by the result codes of https://www.sqlite.org/rescode.html.
func translateSQLite(err *sqlite.Error) error {
	switch err.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		text := strings.TrimRight(err.Error(), " 0123456789()")
		return exists(text)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return tenants.ErrNotFound // of what the row belongs to
	}
	switch err.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN:
		return unavailable(err)
	}
	return err
}

// translatePostgres goes by the codes of
// https://www.postgresql.org/docs/current/errcodes-appendix.html.
func translatePostgres(refused *pgconn.PgError, err error) error {
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		return unavailable(err)
	}
	switch refused.Code {
	case "23505": // unique_violation
		return exists(refused.ConstraintName)
	case "23503": // foreign_key_violation
		return tenants.ErrNotFound // of what the row belongs to
	case "25006", "40001", "40P01", "55P03", "57014", "25P03":
		// read-only, serialization failure, deadlock, lock not available,
		// query cancelled, idle in transaction too long
		return unavailable(err)
	}
	switch refused.Code[:min(2, len(refused.Code))] {
	case "08", "53", "57", "58": // connection, resources, operator, system
		return unavailable(err)
	}
	return err
}

// closed is what database/sql answers, without a name for it, once the pool is
// closed: a process that is about to end.
const closed = "sql: database is closed"

// lost tells whether the connection failed, or took too long.
func lost(err error) bool {
	var network net.Error
	var connecting *pgconn.ConnectError
	for _, sign := range []error{context.DeadlineExceeded, driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, sign) {
			return true
		}
	}
	if err.Error() == closed {
		return true
	}
	return errors.As(err, &network) || errors.As(err, &connecting) || pgconn.SafeToRetry(err) || pgconn.Timeout(err)
}

// givenUp tells whether the database gave a transaction up for another one, so
// that the same may work when it is tried again.
func givenUp(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "40001" || refused.Code == "40P01")
}

// storable tells whether each text can stand in a row at all: PostgreSQL keeps
// UTF-8 without NUL only, and what cannot be stored is not found either.
func storable(texts ...string) bool {
	return !slices.ContainsFunc(texts, func(s string) bool {
		return !utf8.ValidString(s) || strings.ContainsRune(s, 0)
	})
}
