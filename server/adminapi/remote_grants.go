package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) listRemoteGrants(r *request) (answer, error) {
	page, err := a.service.RemoteGrants(r.ctx(), r.actor, r.tenant(), r.page())
	return answer{body: page}, err
}

func (a *api) createRemoteGrant(r *request) (answer, error) {
	var n admin.NewRemoteGrant
	if err := r.made(&n); err != nil {
		return answer{}, err
	}
	made, err := a.service.CreateRemoteGrant(r.ctx(), r.actor, r.tenant(), n)
	if err != nil {
		return answer{}, err
	}
	return created(made, made.Version, "tenants", r.tenant(), "remote-grants", made.ID), nil
}

func (a *api) showRemoteGrant(r *request) (answer, error) {
	found, err := a.service.RemoteGrant(r.ctx(), r.actor, r.tenant(), r.Param("grant"))
	if err != nil {
		return answer{}, err
	}
	return shown(found, found.Version), nil
}

func (a *api) updateRemoteGrant(r *request) (answer, error) {
	patch, version, err := r.patch()
	if err != nil {
		return answer{}, err
	}
	changed, err := a.service.UpdateRemoteGrant(r.ctx(), r.actor, r.tenant(), r.Param("grant"), version, patch)
	if err != nil {
		return answer{}, err
	}
	return shown(changed, changed.Version), nil
}

func (a *api) deleteRemoteGrant(r *request) (answer, error) {
	version, err := r.version()
	if err != nil {
		return answer{}, err
	}
	return gone(), a.service.DeleteRemoteGrant(r.ctx(), r.actor, r.tenant(), r.Param("grant"), version)
}
