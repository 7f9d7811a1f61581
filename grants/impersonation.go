package grants

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Impersonation is the exchange by which the subject of a token becomes a user
// whom the request names in requested_subject, our own parameter, if a rule lets
// it. The token says who acts.
type Impersonation struct{ Rules *Impersonations }

// Params returns requested_subject and the reason.
func (Impersonation) Params() []string { return []string{"requested_subject", "reason"} }

// Takes reports whether the request names whom to become.
func (Impersonation) Takes(p oauth.Params) bool { return p["requested_subject"] != "" }

// Exchange answers with the user to become. Whether there is such a user is not
// told to who may not become it.
func (i Impersonation) Exchange(ctx context.Context, r *ExchangeRequest) (*Subject, error) {
	if r.Actor != nil {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonConflict, "with requested_subject the actor is the subject of subject_token: leave out actor_token")
	}
	reason, err := reasonOf(r.Params)
	if err != nil {
		return nil, err
	}
	actor, err := i.Rules.account(ctx, r.Tenant.ID, r.Subject)
	if err != nil {
		return nil, err
	}
	target, err := i.Rules.target(ctx, r.Tenant.ID, r.Params["requested_subject"])
	if err != nil {
		return nil, err
	}
	permit, err := i.Rules.permit(ctx, r, actor, target, reason)
	if err != nil {
		return nil, err
	}
	made := &Subject{ID: target.ID, User: target, Record: &Record{
		Action: "token.impersonate", Actor: auditName(actor, r.Tenant), Details: map[string]any{"subject_jti": r.Subject.facts.ID},
	}}
	if reason != "" {
		made.Record.Details["reason"] = reason
	}
	made.Claims = map[string]any{"act": acting(r.Subject.facts.Subject, r.Subject.facts.Actor)}
	permit.apply(made, i.Rules.now())
	return made, nil
}
