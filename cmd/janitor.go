package cmd

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// What is done every hour, and for how long something stays after its end.
const (
	janitorEvery = time.Hour
	expiredKept  = time.Hour // a node's clock may be slow, or this one's fast
	endedKept    = 24 * time.Hour
)

// tidy does what is done every hour for tokens and for what ends: the first time
// at once, as a node may have been away when it was due.
func (n *node) tidy(ctx context.Context) {
	for {
		if err := n.purge(ctx, time.Now()); err != nil && ctx.Err() == nil {
			n.log.Error("what is not needed any more could not be purged", zap.Error(err))
		}
		if err := n.warnOfExpiry(ctx, time.Now()); err != nil && ctx.Err() == nil {
			n.log.Error("warnings of what expires could not be stored", zap.Error(err))
		}
		if !sleep(ctx, janitorEvery) {
			return
		}
	}
}

// purge deletes what no node can need any more, however much clocks differ. Where
// one kind fails, the others are purged all the same.
func (n *node) purge(ctx context.Context, now time.Time) error {
	n.directory.ForgetRevocations(now.Add(-expiredKept), oauth.MaxTokenLife)
	var errs []error
	for _, kind := range []struct {
		purge  func(context.Context, time.Time) (int64, error)
		before time.Time
	}{
		{n.db.PurgeExpired, now.Add(-expiredKept)},
		{n.db.PurgeRefreshTokens, now.Add(-endedKept)},
		{n.db.PurgeFeed, now.Add(-endedKept)},
		{n.db.PurgeSessions, now},
		{n.db.PurgeAttempts, now},
	} {
		_, err := kind.purge(ctx, kind.before)
		errs = append(errs, err)
	}
	if kept := n.settings.AuditRetention; kept > 0 {
		_, err := n.db.PurgeAudit(ctx, now.Add(-kept))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
