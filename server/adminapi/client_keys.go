package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) listClientCredentials(r *request) (answer, error) {
	page, err := a.service.ClientCredentials(r.ctx(), r.actor, r.tenant(), r.client(), r.page())
	return answer{body: page}, err
}

func (a *api) listClientKeys(r *request) (answer, error) {
	page, err := a.service.ClientKeys(r.ctx(), r.actor, r.tenant(), r.client(), r.page())
	return answer{body: page}, err
}

func (a *api) addClientKey(r *request) (answer, error) {
	var n admin.NewClientKey
	if err := r.made(&n); err != nil {
		return answer{}, err
	}
	made, err := a.service.AddClientKey(r.ctx(), r.actor, r.tenant(), r.client(), n)
	if err != nil {
		return answer{}, err
	}
	return created(made, 0, "tenants", r.tenant(), "clients", r.client(), "keys", made.ID), nil
}

func (a *api) revokeClientKey(r *request) (answer, error) {
	return gone(), a.service.RevokeClientKey(r.ctx(), r.actor, r.tenant(), r.client(), r.Param("key"))
}
