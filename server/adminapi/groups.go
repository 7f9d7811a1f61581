package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) listGroups(r *request) (answer, error) {
	page, err := a.service.Groups(r.ctx(), r.actor, r.tenant(), r.page())
	return answer{body: page}, err
}

func (a *api) createGroup(r *request) (answer, error) {
	var n admin.GroupSettings
	if err := r.made(&n); err != nil {
		return answer{}, err
	}
	made, err := a.service.CreateGroup(r.ctx(), r.actor, r.tenant(), n)
	if err != nil {
		return answer{}, err
	}
	return created(made, made.Version, "tenants", r.tenant(), "groups", made.ID), nil
}

func (a *api) showGroup(r *request) (answer, error) {
	found, err := a.service.Group(r.ctx(), r.actor, r.tenant(), r.Param("group"))
	if err != nil {
		return answer{}, err
	}
	return shown(found, found.Version), nil
}

func (a *api) updateGroup(r *request) (answer, error) {
	patch, version, err := r.patch()
	if err != nil {
		return answer{}, err
	}
	changed, err := a.service.UpdateGroup(r.ctx(), r.actor, r.tenant(), r.Param("group"), version, patch)
	if err != nil {
		return answer{}, err
	}
	return shown(changed, changed.Version), nil
}

func (a *api) deleteGroup(r *request) (answer, error) {
	version, err := r.version()
	if err != nil {
		return answer{}, err
	}
	return gone(), a.service.DeleteGroup(r.ctx(), r.actor, r.tenant(), r.Param("group"), version)
}
