package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// attempts bounds how often a transaction is tried that the database gave up
// for the sake of another one.
const attempts = 3

// read runs fn within the deadline.
func (db *DB) read(ctx context.Context, fn func(tx *gorm.DB) error) error {
	ctx, cancel := context.WithTimeout(ctx, db.options.Timeout)
	defer cancel()
	return translate(fn(db.gorm.WithContext(ctx)))
}

// write runs fn in a transaction, again if it was given up for another one: fn
// must leave nothing behind but what it writes to tx.
func (db *DB) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	ctx, cancel := context.WithTimeout(ctx, db.options.Timeout)
	defer cancel()
	done, err := db.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	for range attempts {
		if err = db.gorm.WithContext(ctx).Transaction(fn); !givenUp(err) {
			break
		}
	}
	return translate(err)
}

// turn waits until no other change of this process runs on SQLite, which takes
// one at a time. done ends the turn.
func (db *DB) turn(ctx context.Context) (done func(), err error) {
	if db.writing == nil {
		return func() {}, nil
	}
	select {
	case db.writing <- struct{}{}:
		return func() { <-db.writing }, nil
	case <-ctx.Done():
		return nil, translate(ctx.Err())
	}
}

// Together runs fn with a DB whose changes are one transaction: all of them are
// stored when fn returns nil, and none if it returns an error, which Together
// returns. Through that DB fn sees what it has changed. Other changes wait until
// it returns, so fn waits for nothing and is quick; subscribers have the events
// when everything is stored. The given DB is of no use afterwards.
func (db *DB) Together(ctx context.Context, fn func(*DB) error) error {
	done, err := db.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	var events []feed.Event
	err = db.gorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		within := &DB{gorm: tx, sql: db.sql, options: db.options, path: db.path}
		within.subscribers = []func(feed.Event){func(e feed.Event) { events = append(events, e) }}
		return fn(within)
	})
	if err != nil {
		return translate(err)
	}
	for _, event := range events {
		db.notify(event)
	}
	return nil
}

// publish makes a change of something that nodes keep in memory: fn and its
// numbered event are one transaction, and subscribers have the event when it
// returns.
//
// The number is taken first. Its row stays locked until the commit, so that
// numbers are in the order of commits, and one change at a time runs: what fn
// reads stays so until it is written.
func (db *DB) publish(ctx context.Context, event feed.Event, fn func(tx *gorm.DB) error) error {
	return db.publishAll(ctx, func(tx *gorm.DB) ([]feed.Event, error) { return []feed.Event{event}, fn(tx) })
}

// publishAll is publish of events that the change itself decides, one or more.
func (db *DB) publishAll(ctx context.Context, fn func(tx *gorm.DB) ([]feed.Event, error)) error {
	var events []feed.Event
	err := db.write(ctx, func(tx *gorm.DB) error {
		n, err := db.nextEvent(tx)
		if err != nil {
			return err
		}
		if events, err = fn(tx); err != nil {
			return err
		}
		for i := range events {
			if i > 0 {
				if n, err = db.nextEvent(tx); err != nil {
					return err
				}
			}
			events[i].N = n
			if err := tx.Create(&eventRow{Event: events[i], CreatedAt: db.now()}).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, event := range events {
		db.notify(event)
	}
	return nil
}

// nextEvent counts the feed up. On PostgreSQL it also sees to it that a node
// that stops answering in the middle does not keep the lock.
func (db *DB) nextEvent(tx *gorm.DB) (int64, error) {
	statement := "UPDATE feed_head SET n = n + 1 RETURNING n"
	if db.path == "" {
		statement += ", set_config('idle_in_transaction_session_timeout', '3000', true)"
	}
	var n int64
	row := tx.Raw(statement).Row()
	if row == nil {
		return 0, tx.Error
	}
	if db.path == "" {
		var set string
		return n, row.Scan(&n, &set)
	}
	return n, row.Scan(&n)
}

// change is publish with the audit event that tells who did it.
func (db *DB) change(ctx context.Context, audit tenants.AuditEvent, event feed.Event, fn func(tx *gorm.DB) error) error {
	return db.changeAll(ctx, audit, func(tx *gorm.DB) ([]feed.Event, error) { return []feed.Event{event}, fn(tx) })
}

// changeAll is publishAll with the audit event that tells who did it.
func (db *DB) changeAll(ctx context.Context, audit tenants.AuditEvent, fn func(tx *gorm.DB) ([]feed.Event, error)) error {
	if audit.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		audit.ID = id.String()
	}
	audit.At = stored(db.at(audit))
	return db.publishAll(ctx, func(tx *gorm.DB) ([]feed.Event, error) {
		events, err := fn(tx)
		if err != nil {
			return nil, err
		}
		told := audit
		if told.TenantID == "" {
			told.TenantID = events[0].TenantID
		}
		return events, tx.Create(&told).Error
	})
}

// at is when a change is made, as its audit event says.
func (db *DB) at(e tenants.AuditEvent) time.Time {
	if e.At.IsZero() {
		return db.now()
	}
	return e.At
}

// next returns the version that a row gets when it is changed. q selects the
// row; want is the version that the caller saw, 0 for any.
func next(q *gorm.DB, want int64) (int64, error) {
	var have int64
	if err := q.Select("version").Take(&have).Error; err != nil {
		return 0, err // ErrNotFound among them
	}
	if want != 0 && want != have {
		return 0, tenants.ErrStale
	}
	return have + 1, nil
}

// one checks that a statement which must have hit a row has done so.
func one(result *gorm.DB) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return tenants.ErrNotFound
	}
	return result.Error
}

// found tells whether a query that may find nothing has found a row.
func found(err error) (bool, error) {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return false, nil
	}
	return err == nil, err
}
