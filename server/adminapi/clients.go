package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) listSecrets(r *request) (answer, error) {
	page, err := a.service.Secrets(r.ctx(), r.actor, r.tenant(), r.client(), r.page())
	return answer{body: page}, err
}

func (a *api) addSecret(r *request) (answer, error) {
	var n admin.NewSecret
	if err := r.order(&n); err != nil {
		return answer{}, err
	}
	made, err := a.service.AddSecret(r.ctx(), r.actor, r.tenant(), r.client(), n)
	if err != nil {
		return answer{}, err
	}
	return created(made, 0, "tenants", r.tenant(), "clients", r.client(), "secrets", made.ID), nil
}

func (a *api) revokeSecret(r *request) (answer, error) {
	return gone(), a.service.RevokeSecret(r.ctx(), r.actor, r.tenant(), r.client(), r.Param("secret"))
}
