package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) listTrustedIssuers(r *request) (answer, error) {
	page, err := a.service.TrustedIssuers(r.ctx(), r.actor, r.tenant(), r.page())
	return answer{body: page}, err
}

func (a *api) createTrustedIssuer(r *request) (answer, error) {
	var n admin.NewTrustedIssuer
	if err := r.made(&n); err != nil {
		return answer{}, err
	}
	made, err := a.service.CreateTrustedIssuer(r.ctx(), r.actor, r.tenant(), n)
	if err != nil {
		return answer{}, err
	}
	return created(made, made.Version, "tenants", r.tenant(), "trusted-issuers", made.ID), nil
}

func (a *api) showTrustedIssuer(r *request) (answer, error) {
	found, err := a.service.TrustedIssuer(r.ctx(), r.actor, r.tenant(), r.Param("issuer"))
	if err != nil {
		return answer{}, err
	}
	return shown(found, found.Version), nil
}

func (a *api) updateTrustedIssuer(r *request) (answer, error) {
	patch, version, err := r.patch()
	if err != nil {
		return answer{}, err
	}
	changed, err := a.service.UpdateTrustedIssuer(r.ctx(), r.actor, r.tenant(), r.Param("issuer"), version, patch)
	if err != nil {
		return answer{}, err
	}
	return shown(changed, changed.Version), nil
}

func (a *api) deleteTrustedIssuer(r *request) (answer, error) {
	version, err := r.version()
	if err != nil {
		return answer{}, err
	}
	return gone(), a.service.DeleteTrustedIssuer(r.ctx(), r.actor, r.tenant(), r.Param("issuer"), version)
}
