package cmd

import (
	"context"
	"errors"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
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
	n.directory.ForgetRevocations(now.Add(-expiredKept), keys.Ceiling)
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
	return errors.Join(errs...)
}

// warnOfExpiry tells of what ends soon: in the audit log once among all nodes,
// in this node's log what it told, and in the metrics of every node.
func (n *node) warnOfExpiry(ctx context.Context, now time.Time) error {
	told, err := n.db.WarnOfExpiry(ctx, now)
	for _, one := range told {
		n.log.Warn("something ends soon", zap.String("kind", string(one.Kind)), zap.String("tenant_id", one.TenantID),
			zap.String("owner", one.Owner), zap.String("id", one.ID), zap.Int("within_days", one.Days), zap.Time("expires_at", one.ExpiresAt))
	}
	if err != nil {
		return err
	}
	counts, err := n.db.CountExpiring(ctx, now)
	if err == nil {
		n.expiring.Store(&counts)
	}
	return err
}

// measureExpiry adds to the metrics what ends soon.
func (n *node) measureExpiry() {
	n.expiring.Store(&map[tenants.ExpiryKind]map[int]int64{})
	for _, kind := range []tenants.ExpiryKind{tenants.ClientExpiry, tenants.ClientSecretExpiry, tenants.ClientKeyExpiry, tenants.APIKeyExpiry} {
		for _, days := range tenants.ExpiryWarnings() {
			n.metrics.LabelledGauge("gatehouse_expiring", "Credentials and clients that end within so many days, over all tenants; counted every hour.",
				map[string]string{"kind": string(kind), "within_days": strconv.Itoa(days)},
				func() float64 { return float64((*n.expiring.Load())[kind][days]) })
		}
	}
}
