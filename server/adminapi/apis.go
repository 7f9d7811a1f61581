package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) listAPIs(r *request) (answer, error) {
	page, err := a.service.APIs(r.ctx(), r.actor, r.tenant(), r.page())
	return answer{body: page}, err
}

func (a *api) createAPI(r *request) (answer, error) {
	var n admin.NewAPI
	if err := r.made(&n); err != nil {
		return answer{}, err
	}
	made, err := a.service.CreateAPI(r.ctx(), r.actor, r.tenant(), n)
	if err != nil {
		return answer{}, err
	}
	return created(made, made.Version, "tenants", r.tenant(), "apis", made.ID), nil
}

func (a *api) showAPI(r *request) (answer, error) {
	found, err := a.service.API(r.ctx(), r.actor, r.tenant(), r.Param("api"))
	if err != nil {
		return answer{}, err
	}
	return shown(found, found.Version), nil
}

func (a *api) updateAPI(r *request) (answer, error) {
	patch, version, err := r.patch()
	if err != nil {
		return answer{}, err
	}
	changed, err := a.service.UpdateAPI(r.ctx(), r.actor, r.tenant(), r.Param("api"), version, patch)
	if err != nil {
		return answer{}, err
	}
	return shown(changed, changed.Version), nil
}

func (a *api) deleteAPI(r *request) (answer, error) {
	version, err := r.version()
	if err != nil {
		return answer{}, err
	}
	return gone(), a.service.DeleteAPI(r.ctx(), r.actor, r.tenant(), r.Param("api"), version)
}
