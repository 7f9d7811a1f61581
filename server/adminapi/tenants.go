package adminapi

import (
	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func (a *api) listTenants(r *request) (answer, error) {
	page, err := a.service.Tenants(r.ctx(), r.actor, r.page())
	return answer{body: page}, err
}

func (a *api) createTenant(r *request) (answer, error) {
	var n admin.NewTenant
	if err := r.made(&n); err != nil {
		return answer{}, err
	}
	t, err := a.service.CreateTenant(r.ctx(), r.actor, n)
	if err != nil {
		return answer{}, err
	}
	return created(t, t.Version, "tenants", t.Slug), nil
}

func (a *api) showTenant(r *request) (answer, error) {
	t, err := a.service.Tenant(r.ctx(), r.actor, r.tenant())
	if err != nil {
		return answer{}, err
	}
	return shown(t, t.Version), nil
}

func (a *api) updateTenant(r *request) (answer, error) {
	patch, err := r.patch()
	if err != nil {
		return answer{}, err
	}
	var changed *tenants.Tenant
	err = r.matching(func(version int64) error {
		changed, err = a.service.UpdateTenant(r.ctx(), r.actor, r.tenant(), version, patch)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return shown(changed, changed.Version), nil
}

func (a *api) deleteTenant(r *request) (answer, error) {
	return gone(), r.matching(func(version int64) error {
		return a.service.DeleteTenant(r.ctx(), r.actor, r.tenant(), version)
	})
}

func (a *api) listAuditEvents(r *request) (answer, error) {
	since, err := r.instant("since")
	if err != nil {
		return answer{}, err
	}
	page, err := a.service.AuditEvents(r.ctx(), r.actor, r.tenant(), since, r.page())
	return answer{body: page}, err
}

func (a *api) listAllAuditEvents(r *request) (answer, error) {
	since, err := r.instant("since")
	if err != nil {
		return answer{}, err
	}
	page, err := a.service.AllAuditEvents(r.ctx(), r.actor, since, r.page())
	return answer{body: page}, err
}
