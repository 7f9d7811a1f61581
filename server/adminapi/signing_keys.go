package adminapi

import "github.com/gatehouse-auth/gatehouse/admin"

func (a *api) rotateKey(r *request) (answer, error) {
	var order admin.RotationOrder
	if err := r.order(&order); err != nil {
		return answer{}, err
	}
	page, err := a.service.RotateKey(r.ctx(), r.actor, r.tenant(), order)
	return answer{body: page}, err
}

func (a *api) revokeKey(r *request) (answer, error) {
	if err := r.order(&struct{}{}); err != nil {
		return answer{}, err
	}
	revocation, err := a.service.RevokeKey(r.ctx(), r.actor, r.tenant(), r.Param("kid"))
	return answer{body: revocation}, err
}

func (a *api) deleteKey(r *request) (answer, error) {
	return gone(), a.service.DeleteKey(r.ctx(), r.actor, r.tenant(), r.Param("kid"))
}
