package cmd

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

// flushEvery is how often what is counted in memory is stored.
const flushEvery = time.Minute

// background runs what goes on beside requests until ctx ends.
func (n *node) background(ctx context.Context) {
	go n.follower.Run(ctx, func(err error) { n.log.Error("the change feed could not be read", zap.Error(err)) })
	go n.pool.Run(ctx)
	go n.tendKeys(ctx)
	go n.tidy(ctx)
	go n.every(ctx, flushEvery, "the state of the keys could not be read", n.lookAtKeys)
	go n.every(ctx, flushEvery, "what was counted could not be stored", n.flush)
}

// flush stores what is counted in memory: tokens, uses of credentials, and calls
// of dialects.
func (n *node) flush(ctx context.Context) error {
	return errors.Join(n.journal.Flush(ctx, time.Now()), n.keyUses.Flush(ctx, n.db.UseAPIKeys), n.clients.FlushUses(ctx, n.db), n.legacy.Flush(ctx))
}

// every does work until ctx ends, the first time at once.
func (n *node) every(ctx context.Context, interval time.Duration, failed string, work func(context.Context) error) {
	for {
		if err := work(ctx); err != nil && ctx.Err() == nil {
			n.log.Error(failed, zap.Error(err))
		}
		if !sleep(ctx, interval) {
			return
		}
	}
}
