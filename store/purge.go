package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// purged bounds how many rows one transaction deletes, so that it is soon over
// however many there are.
const purged = 5000

// over tells which rows of a table have no use any more.
type over struct {
	table, key string // its primary key, columns separated by commas
	where      string
	args       []any
}

// purge deletes what is over and returns how many rows that was.
func (db *DB) purge(ctx context.Context, all ...over) (total int64, err error) {
	for _, o := range all {
		for deleted := int64(purged); deleted == purged; total += deleted {
			err := db.write(ctx, func(tx *gorm.DB) error {
				some := tx.Table(o.table).Select(o.key).Where(o.where, o.args...).Limit(purged)
				result := tx.Table(o.table).Where("("+o.key+") IN (?)", some).Delete(nil)
				deleted = result.RowsAffected
				return result.Error
			})
			if err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

// usesKept is how long it is told which key signed for whom after the last of
// these tokens has expired. Keys themselves are dropped before.
const usesKept = 400 * 24 * time.Hour

// PurgeExpired deletes what ended before an instant and has no use any more:
// revocations of tokens that have expired, opaque tokens, notes of assertions that
// were used, and of who was warned; and, much later, of which key signed for whom.
// It returns how many rows they were.
func (db *DB) PurgeExpired(ctx context.Context, before time.Time) (int64, error) {
	const expired = "expires_at < ?"
	at := []any{stored(before)}
	return db.purge(ctx,
		over{"revocations", "tenant_id, kind, key", expired, at},
		over{"opaque_tokens", "tenant_id, hash", expired, at},
		over{"spent_assertions", "tenant_id, digest", expired, at},
		over{"expiry_warnings", "tenant_id, kind, thing, expires_at, days", expired, at},
		over{"first_uses", "tenant_id, kid, client_id, audience, hour", "latest_expiry < ?", []any{stored(before.Add(-usesKept))}},
	)
}

// proofKept is how long after its end a node whose clock is slow could still
// take a proof, and more.
const proofKept = time.Hour

// PurgeSessions deletes sessions, device codes and what belongs to them once
// they have no meaning any more, and returns how many rows that were.
func (db *DB) PurgeSessions(ctx context.Context, now time.Time) (int64, error) {
	ago := func(d time.Duration) time.Time { return stored(now.Add(-d)) }
	return db.purge(ctx,
		over{"sessions", "id", "expires_at <= ? OR seen_at <= ?", []any{ago(0), ago(tenants.SessionIdle)}},
		over{"spent_proofs", "tenant_id, hash", "expires_at <= ?", []any{ago(proofKept)}},
		over{"device_codes", "id", "expires_at <= ?", []any{ago(tenants.DeviceCodeKept)}},
		over{"device_guesses", "tenant_id, source", "updated_at <= ?", []any{ago(tenants.DeviceGuessesAfter)}},
	)
}

// PurgeAttempts deletes what no longer counts, and returns how much that was. Turns
// count until nobody guesses at their account any more.
func (db *DB) PurgeAttempts(ctx context.Context, now time.Time) (int64, error) {
	const table, key = "sign_in_attempts", "tenant_id, account, source"
	const guessedAt = "EXISTS (SELECT 1 FROM " + table + " AS of WHERE of.tenant_id = " + table + ".tenant_id AND of.account = " + table + ".account AND of.source = '')"
	ago := func(d time.Duration) time.Time { return stored(now.Add(-d)) }
	return db.purge(ctx,
		over{table, key, "updated_at < ? AND NOT " + ofStrangers, []any{ago(tenants.SourceForgotten)}},
		over{table, key, "updated_at < ? AND source = ''", []any{ago(tenants.FailuresForgotten)}},
		over{table, key, "updated_at < ? AND " + ofTurns + " AND NOT " + guessedAt, []any{ago(tenants.FailuresForgotten)}},
	)
}

// PurgeAudit deletes the audit events from before an instant and returns how many
// they were. Their ids are UUIDs of version 7, which begin with when they were made
// (RFC 9562 section 5.7): the oldest are found without looking at the others.
func (db *DB) PurgeAudit(ctx context.Context, before time.Time) (int64, error) {
	var least uuid.UUID
	for i, ms := 0, before.Add(auditLate).UnixMilli(); i < 6; i++ {
		least[i] = byte(ms >> (8 * (5 - i)))
	}
	return db.purge(ctx, over{"audit_events", "id", "id < ? AND at < ?", []any{least.String(), stored(before)}})
}

// auditLate is more than what the clock that an event's id is of is ahead of the
// one that its instant is of.
const auditLate = time.Hour

// PurgeFeed deletes the events from before an instant and returns how many they
// were. A node that has not read them yet starts from empty caches.
func (db *DB) PurgeFeed(ctx context.Context, before time.Time) (int64, error) {
	return db.purge(ctx, over{"feed_events", "n", "created_at < ?", []any{stored(before)}})
}
