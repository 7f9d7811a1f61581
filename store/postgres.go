package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
)

func (db *DB) openPostgres(dsn string) error {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The parser's error may quote a part of the password.
		return errors.New("the database URL cannot be understood: it must be postgres://user:password@host:port/database?sslmode=verify-full, special characters percent-encoded")
	}
	config.RuntimeParams["timezone"] = "UTC"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "gatehouse"
	}
	connections := db.options.Connections
	if connections == 0 {
		connections = 20
	}
	db.sql = stdlib.OpenDB(*config, stdlib.OptionAfterConnect(readUTC))
	db.sql.SetMaxOpenConns(connections)
	db.sql.SetMaxIdleConns(connections)
	db.sql.SetConnMaxIdleTime(5 * time.Minute)
	db.sql.SetConnMaxLifetime(time.Hour)
	return db.start(postgres.New(postgres.Config{Conn: db.sql}))
}

// readUTC has instants read in UTC rather than in the zone of this machine.
func readUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name:  "timestamptz",
		OID:   pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}
