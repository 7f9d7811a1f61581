package store

import (
	"context"
	"database/sql"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// What the tests of this package see more than others.
var (
	Translate = translate
	StateOf   = stateOf
)

func (db *DB) Pool() *sql.DB { return db.sql }

func (db *DB) Publish(ctx context.Context, event feed.Event, fn func(tx *gorm.DB) error) error {
	return db.publish(ctx, event, fn)
}
