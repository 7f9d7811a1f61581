package cmd

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/store"
)

// How key sets that are due are worked off. Any node does it at any time: who
// is late finds the set changed. To make a key takes a processor for a while,
// so that each tenant's turn is followed by a rest: tokens come first.
const (
	dueEvery  = 5 * time.Second
	dueAtOnce = 50
	restShare = 3 // times the time that a turn took
)

// tendKeys works off the key sets that are due until ctx ends.
func (n *node) tendKeys(ctx context.Context) {
	for {
		wait := dueEvery
		due, err := n.db.DueKeySets(ctx, time.Now(), dueAtOnce)
		if err != nil && ctx.Err() == nil {
			n.log.Error("due keys could not be looked for", zap.Error(err))
		}
		// In any order, so that nodes seldom make keys for the same tenant.
		rand.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
		for _, tenantID := range due {
			began := time.Now()
			n.tend(ctx, tenantID)
			if !sleep(ctx, restShare*time.Since(began)) {
				return
			}
		}
		if len(due) == dueAtOnce {
			wait = 0
		}
		if !sleep(ctx, wait) {
			return
		}
	}
}

func (n *node) tend(ctx context.Context, tenantID string) {
	changed, err := n.admin.TendKeys(ctx, tenantID)
	if err != nil && ctx.Err() == nil {
		n.keyMetrics.failures.Add(1)
		n.log.Error("the keys of a tenant could not be tended", zap.String("tenant_id", tenantID), zap.Error(err))
	}
	if changed {
		n.log.Info("keys tended", zap.String("tenant_id", tenantID))
	}
}

// sleep waits, and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// lookAtKeys brings what the metrics tell about keys up to date.
func (n *node) lookAtKeys(ctx context.Context) error {
	ages, err := n.db.KeyAges(ctx, time.Now())
	if err == nil {
		n.keyMetrics.ages.Store(&ages)
	}
	return err
}

// measureKeys adds how the platform's keys stand to the metrics.
func (n *node) measureKeys() {
	n.keyMetrics.ages.Store(&store.KeyAges{})
	since := func(at time.Time, none float64) float64 {
		if at.IsZero() {
			return none
		}
		return time.Since(at).Seconds()
	}
	ages := n.keyMetrics.ages.Load
	n.metrics.Gauge("gatehouse_signing_key_age_seconds", "For how long the key that signs for longest has signed, over all tenants; 0 where none does.",
		func() float64 { return since(ages().OldestActive, 0) })
	n.metrics.Gauge("gatehouse_key_rotation_next_seconds", "Seconds until the next published key takes over, over all tenants; NaN where none is planned to.",
		func() float64 { return -since(ages().NextRotation, math.NaN()) })
	n.metrics.Gauge("gatehouse_key_rotation_overdue", "Tenants whose keys are due for more than a minute.",
		func() float64 { return float64(ages().Overdue) })
	n.metrics.Counter("gatehouse_key_rotation_failures_total", "Rotations that failed on this node.",
		func() float64 { return float64(n.keyMetrics.failures.Load()) })
}
