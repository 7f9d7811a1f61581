package cmd

import (
	"context"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// warnOfExpiry tells of what ends soon: in the audit log once among all nodes,
// in this node's log what it told, and in the metrics of every node.
func (n *node) warnOfExpiry(ctx context.Context, now time.Time) error {
	told, err := n.db.WarnOfExpiry(ctx, now)
	if err == nil && n.certificate != nil {
		told, err = n.warnOfCertificate(ctx, told, now)
	}
	for _, one := range told {
		n.log.Warn("something ends soon", zap.String("kind", string(one.Kind)), zap.String("tenant_id", one.TenantID),
			zap.String("owner", one.Owner), zap.String("id", one.ID), zap.Int("within_days", one.Days), zap.Time("expires_at", one.ExpiresAt))
	}
	if err != nil {
		return err
	}
	counts, err := n.db.CountExpiring(ctx, now)
	if err != nil {
		return err
	}
	if n.certificate != nil {
		counts[tenants.TLSCertificateExpiry] = map[int]int64{}
		for _, days := range within(n.certificate.NotAfter, now) {
			counts[tenants.TLSCertificateExpiry][days] = 1
		}
	}
	n.expiring.Store(&counts)
	return nil
}

// warnOfCertificate tells of the certificate that this node serves. It belongs to
// no tenant, so that the operator's is told.
func (n *node) warnOfCertificate(ctx context.Context, told []tenants.Expiring, now time.Time) ([]tenants.Expiring, error) {
	thresholds := within(n.certificate.NotAfter, now)
	if len(thresholds) == 0 {
		return told, nil
	}
	operator, err := n.directory.BySlug(ctx, tenants.OperatorSlug)
	if err != nil {
		return told, err
	}
	one := tenants.Expiring{
		Kind: tenants.TLSCertificateExpiry, TenantID: operator.ID, ID: n.certificate.SerialNumber.Text(16), Owner: n.certificate.Subject.String(),
		Days: slices.Min(thresholds), ExpiresAt: n.certificate.NotAfter,
	}
	first, err := n.db.WarnOf(ctx, one, "tls_certificate.expiring", now)
	if first {
		told = append(told, one)
	}
	return told, err
}

// within returns within how many days something ends, of those that are warned of.
func within(ends, now time.Time) (thresholds []int) {
	for _, days := range tenants.ExpiryWarnings() {
		if now.Before(ends) && !ends.After(now.AddDate(0, 0, days)) {
			thresholds = append(thresholds, days)
		}
	}
	return thresholds
}

// measureExpiry adds to the metrics what ends soon.
func (n *node) measureExpiry() {
	n.expiring.Store(&map[tenants.ExpiryKind]map[int]int64{})
	for _, kind := range tenants.ExpiryKinds() {
		for _, days := range tenants.ExpiryWarnings() {
			n.metrics.LabelledGauge("gatehouse_expiring", "Credentials, clients and this node's certificate that end within so many days, over all tenants; counted every hour.",
				map[string]string{"kind": string(kind), "within_days": strconv.Itoa(days)},
				func() float64 { return float64((*n.expiring.Load())[kind][days]) })
		}
	}
}
