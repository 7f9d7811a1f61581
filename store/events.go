package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/feed"
)

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
