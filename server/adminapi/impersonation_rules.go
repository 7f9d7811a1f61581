package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) listImpersonationRules(r *request) (answer, error) {
	page, err := a.service.ImpersonationRules(r.ctx(), r.actor, r.tenant(), r.page())
	return answer{body: page}, err
}

func (a *api) createImpersonationRule(r *request) (answer, error) {
	var n admin.NewImpersonationRule
	if err := r.made(&n); err != nil {
		return answer{}, err
	}
	made, err := a.service.CreateImpersonationRule(r.ctx(), r.actor, r.tenant(), n)
	if err != nil {
		return answer{}, err
	}
	return created(made, made.Version, "tenants", r.tenant(), "impersonation-rules", made.ID), nil
}

func (a *api) showImpersonationRule(r *request) (answer, error) {
	found, err := a.service.ImpersonationRule(r.ctx(), r.actor, r.tenant(), r.Param("rule"))
	if err != nil {
		return answer{}, err
	}
	return shown(found, found.Version), nil
}

func (a *api) updateImpersonationRule(r *request) (answer, error) {
	patch, version, err := r.patch()
	if err != nil {
		return answer{}, err
	}
	changed, err := a.service.UpdateImpersonationRule(r.ctx(), r.actor, r.tenant(), r.Param("rule"), version, patch)
	if err != nil {
		return answer{}, err
	}
	return shown(changed, changed.Version), nil
}

func (a *api) deleteImpersonationRule(r *request) (answer, error) {
	version, err := r.version()
	if err != nil {
		return answer{}, err
	}
	return gone(), a.service.DeleteImpersonationRule(r.ctx(), r.actor, r.tenant(), r.Param("rule"), version)
}
