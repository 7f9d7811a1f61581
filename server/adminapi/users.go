package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (r *request) user() string { return r.Param("user") }

func (a *api) listUsers(r *request) (answer, error) {
	page, err := a.service.Users(r.ctx(), r.actor, r.tenant(), r.query.Get("group"), r.page())
	return answer{body: page}, err
}

func (a *api) unlockUser(r *request) (answer, error) {
	return gone(), a.service.UnlockUser(r.ctx(), r.actor, r.tenant(), r.user())
}

func (a *api) listSessions(r *request) (answer, error) {
	page, err := a.service.Sessions(r.ctx(), r.actor, r.tenant(), r.user(), r.page())
	return answer{body: page}, err
}

func (a *api) revokeSessions(r *request) (answer, error) {
	return gone(), a.service.RevokeSessions(r.ctx(), r.actor, r.tenant(), r.user())
}

func (a *api) revokeSession(r *request) (answer, error) {
	return gone(), a.service.RevokeSession(r.ctx(), r.actor, r.tenant(), r.user(), r.Param("session"))
}

func (a *api) listAPIKeys(r *request) (answer, error) {
	page, err := a.service.APIKeys(r.ctx(), r.actor, r.tenant(), r.user(), r.page())
	return answer{body: page}, err
}

func (a *api) createAPIKey(r *request) (answer, error) {
	var n admin.NewAPIKey
	if err := r.made(&n); err != nil {
		return answer{}, err
	}
	made, err := a.service.CreateAPIKey(r.ctx(), r.actor, r.tenant(), r.user(), n)
	if err != nil {
		return answer{}, err
	}
	return created(made, 0, "tenants", r.tenant(), "users", r.user(), "api-keys", made.ID), nil
}

func (a *api) showAPIKey(r *request) (answer, error) {
	found, err := a.service.APIKey(r.ctx(), r.actor, r.tenant(), r.user(), r.Param("key"))
	return answer{body: found}, err
}

func (a *api) updateAPIKey(r *request) (answer, error) {
	patch, err := r.patch()
	if err != nil {
		return answer{}, err
	}
	changed, err := a.service.UpdateAPIKey(r.ctx(), r.actor, r.tenant(), r.user(), r.Param("key"), patch)
	return answer{body: changed}, err
}

func (a *api) deleteAPIKey(r *request) (answer, error) {
	return gone(), a.service.DeleteAPIKey(r.ctx(), r.actor, r.tenant(), r.user(), r.Param("key"))
}
