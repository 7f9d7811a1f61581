package cmd

import (
	"context"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// tidy does what is done every hour for tokens and for what ends: the first time
// at once, as a node may have been away when it was due.
func (n *node) tidy(ctx context.Context) {
	for {
		if err := n.purgeExpired(ctx, time.Now()); err != nil && ctx.Err() == nil {
			n.log.Error("what has expired could not be purged", zap.Error(err))
		}
		if err := n.warnOfExpiry(ctx, time.Now()); err != nil && ctx.Err() == nil {
			n.log.Error("warnings of what expires could not be stored", zap.Error(err))
		}
		if !sleep(ctx, janitorEvery) {
			return
		}
	}
}

// purgeExpired deletes what no node can need any more, however much clocks
// differ.
func (n *node) purgeExpired(ctx context.Context, now time.Time) error {
	before := now.Add(-2 * n.settings.KeyTiming().Skew)
	n.directory.ForgetRevocations(before, keys.Ceiling)
	_, err := n.db.PurgeExpired(ctx, before)
	return err
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
