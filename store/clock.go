package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Clock returns the time of the database's own clock; SQLite has that of this
// machine.
func (db *DB) Clock(ctx context.Context) (time.Time, error) {
	if db.path != "" {
		return db.now(), db.Ping(ctx)
	}
	var at time.Time
	err := db.read(ctx, func(tx *gorm.DB) error { return tx.Raw("SELECT clock_timestamp()").Scan(&at).Error })
	return at, err
}
