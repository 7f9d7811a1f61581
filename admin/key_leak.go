package admin

import (
	"context"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Leak is what a tenant's leaked keys leave behind.
type Leak struct {
	Tenant string   `json:"tenant"`
	Kids   []string `json:"kids"`
	Signed
}

// RevokeLeaked takes back, in every tenant, each key that was there before an
// instant, and hands what it found to report, tenant by tenant. New keys are
// made by the first token or the scheduler, not here: what leaked is taken back
// first. A tenant that fails is reported to failed, and the others go on; where the
// keys are taken back and that cannot be told in full, there is a ReportError. Only
// operators do, with keys:write. It may be repeated, and then reports again what
// the instant took back before.
func (s *Service) RevokeLeaked(ctx context.Context, a Actor, before time.Time, report func(Leak), failed func(tenant string, err error)) error {
	if err := a.need("keys:write"); err != nil {
		return err
	}
	if !a.IsOperator() {
		return Errorf(CodeForbidden, "", "only the operator may take back the keys of all tenants")
	}
	if before.After(s.now()) {
		return Errorf(CodeInvalid, "leaked_before", "lies in the future")
	}
	for after := ""; ; {
		list, err := s.store.Tenants(ctx, Range{After: after, Limit: maxPage})
		if err != nil {
			return err
		}
		for i := range list {
			leak, err := s.revokeLeaked(ctx, a, &list[i], before)
			if err != nil {
				failed(list[i].Slug, err)
			} else if leak != nil {
				report(*leak)
			}
			after = list[i].Slug
		}
		if len(list) < maxPage {
			return ctx.Err()
		}
	}
}

// revokeLeaked returns nil where the tenant has no such key.
func (s *Service) revokeLeaked(ctx context.Context, a Actor, t *tenants.Tenant, before time.Time) (*Leak, error) {
	var kids []string
	change := keyChange{
		actor: a, tenant: t, action: "key.revoke", target: t.Slug,
		details: map[string]any{"leaked_before": before},
	}
	set, err := s.changeKeys(ctx, change, func(set keys.Set, _ keys.NewKey) (keys.Set, error) {
		planned, revoked, err := keys.RevokeOlder(set, before, s.now(), s.cfg.Timing)
		kids = revoked
		return planned, err
	})
	if err != nil || len(kids) == 0 {
		return nil, err
	}
	return &Leak{Tenant: t.Slug, Kids: kids, Signed: s.signed(ctx, set, kids...)}, nil
}
