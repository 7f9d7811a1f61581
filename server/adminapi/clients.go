package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) listClients(r *request) (answer, error) {
	page, err := a.service.Clients(r.ctx(), r.actor, r.tenant(), r.page())
	return answer{body: page}, err
}

func (a *api) createClient(r *request) (answer, error) {
	var n admin.NewClient
	if err := r.made(&n); err != nil {
		return answer{}, err
	}
	made, err := a.service.CreateClient(r.ctx(), r.actor, r.tenant(), n)
	if err != nil {
		return answer{}, err
	}
	return created(made, made.Version, "tenants", r.tenant(), "clients", made.ID), nil
}

func (a *api) showClient(r *request) (answer, error) {
	found, err := a.service.Client(r.ctx(), r.actor, r.tenant(), r.client())
	if err != nil {
		return answer{}, err
	}
	return shown(found, found.Version), nil
}

func (a *api) updateClient(r *request) (answer, error) {
	patch, version, err := r.patch()
	if err != nil {
		return answer{}, err
	}
	changed, err := a.service.UpdateClient(r.ctx(), r.actor, r.tenant(), r.client(), version, patch)
	if err != nil {
		return answer{}, err
	}
	return shown(changed, changed.Version), nil
}

func (a *api) deleteClient(r *request) (answer, error) {
	version, err := r.version()
	if err != nil {
		return answer{}, err
	}
	return gone(), a.service.DeleteClient(r.ctx(), r.actor, r.tenant(), r.client(), version)
}

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

func (a *api) listLegacyUses(r *request) (answer, error) {
	page, err := a.service.LegacyUses(r.ctx(), r.actor, r.tenant(), r.page())
	return answer{body: page}, err
}
