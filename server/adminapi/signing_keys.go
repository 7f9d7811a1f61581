package adminapi

import (
	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

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
	if err != nil {
		return answer{}, err
	}
	if revocation.Err != nil { // answered all the same: the log says why
		callOf(r.Context).failure = &oauth.Error{Code: "report_error", Err: revocation.Err}
	}
	return answer{body: revocation}, nil
}

func (a *api) listKeyUses(r *request) (answer, error) {
	page, err := a.service.KeyUses(r.ctx(), r.actor, r.tenant(), r.Param("kid"), r.page())
	return answer{body: page}, err
}

func (a *api) deleteKey(r *request) (answer, error) {
	return gone(), a.service.DeleteKey(r.ctx(), r.actor, r.tenant(), r.Param("kid"))
}
