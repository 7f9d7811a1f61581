package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) revokeTokens(r *request) (answer, error) {
	var order admin.TokenRevocation
	if err := r.made(&order); err != nil {
		return answer{}, err
	}
	revoked, err := a.service.RevokeTokens(r.ctx(), r.actor, r.tenant(), order)
	return answer{body: revoked}, err
}

func (a *api) effective(r *request) (answer, error) {
	effective, err := a.service.Effective(r.ctx(), r.actor, r.tenant(), r.client(), admin.EffectiveQuery{
		Audience: r.query.Get("audience"), GrantType: r.query.Get("grant_type"),
	})
	return answer{body: effective}, err
}
