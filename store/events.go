package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// purged bounds how many events one transaction deletes.
const purged = 5000

type eventRow struct {
	feed.Event
	CreatedAt time.Time
}

func (eventRow) TableName() string { return "feed_events" }

// LastEvent returns the number of the newest committed event, 0 for none.
func (db *DB) LastEvent(ctx context.Context) (int64, error) {
	var n int64
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Table("feed_head").Select("n").Take(&n).Error
	})
	return n, err
}

// EventsAfter returns committed events numbered above n, in order, at most
// limit of them.
func (db *DB) EventsAfter(ctx context.Context, n int64, limit int) ([]feed.Event, error) {
	events := []feed.Event{}
	err := db.read(ctx, func(tx *gorm.DB) error {
		return tx.Table("feed_events").Where("n > ?", n).Order("n").Limit(limit).Find(&events).Error
	})
	return events, err
}

// PurgeFeed deletes the events from before an instant and returns how many they
// were. A node that has not read them yet starts from empty caches.
func (db *DB) PurgeFeed(ctx context.Context, before time.Time) (int64, error) {
	for total := int64(0); ; {
		var deleted int64
		err := db.write(ctx, func(tx *gorm.DB) error {
			old := tx.Table("feed_events").Select("n").Where("created_at < ?", stored(before)).Order("n").Limit(purged)
			result := tx.Where("n IN (?)", old).Delete(&eventRow{})
			deleted = result.RowsAffected
			return result.Error
		})
		if err != nil {
			return total, err
		}
		total += deleted
		if deleted < purged {
			return total, nil
		}
	}
}

// Subscribe has fn called with the event of each change that this DB commits,
// before the method that makes the change returns. fn must be quick and must
// not call the DB.
func (db *DB) Subscribe(fn func(feed.Event)) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.subscribers = append(slices.Clip(db.subscribers), fn)
}

func (db *DB) notify(event feed.Event) {
	db.mu.Lock()
	subscribers := db.subscribers
	db.mu.Unlock()
	for _, fn := range subscribers {
		fn(event)
	}
}
