package cmd

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// advice tells what is allowed, and hardly wanted on this database. What the
// database does not tell now is left out.
func (s *Settings) advice(ctx context.Context, db *store.DB) []string {
	var advice []string
	operator, err := db.Tenant(ctx, tenants.OperatorSlug)
	if err == nil && unreached(*operator, s.PublicURL) {
		advice = append(advice, s.problem("public_url", "%s is another one than that of the operator's tenant, %s: new tenants get issuers below it", s.PublicURL, operator.Issuer).Error())
	}
	if missing := s.defaultTenantMissing(ctx, db); missing != "" {
		advice = append(advice, missing)
	}
	return advice
}

// defaultTenantMissing is empty where there is nothing to say.
func (s *Settings) defaultTenantMissing(ctx context.Context, db *store.DB) string {
	if s.DefaultTenant == "" {
		return ""
	}
	if _, err := db.Tenant(ctx, s.DefaultTenant); !errors.Is(err, tenants.ErrNotFound) {
		return ""
	}
	return s.problem("default_tenant", "there is no tenant %s: until there is, unknown hosts get 404", s.DefaultTenant).Error()
}
