package grants

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Delegation is the exchange of a token for a narrower one of the same subject: of
// fewer scopes, a shorter life or, for a resource server that calls another, of
// that one's audience. With an actor token it is for that one's subject, who may
// act if a rule or the subject token's may_act says so.
type Delegation struct{ Rules *Impersonations }

// Params returns the reason.
func (Delegation) Params() []string { return []string{"reason"} }

// Takes reports whether nobody else than the subject is asked for.
func (Delegation) Takes(p oauth.Params) bool { return p["requested_subject"] == "" }

// Exchange answers with the subject token's own subject.
func (d Delegation) Exchange(ctx context.Context, r *ExchangeRequest) (*Subject, error) {
	user, err := d.Rules.account(ctx, r.Tenant.ID, r.Subject)
	if err != nil {
		return nil, err
	}
	reason, err := reasonOf(r.Params)
	if err != nil {
		return nil, err
	}
	made := &Subject{ID: r.Subject.facts.Subject, User: user, Claims: r.Subject.ofSubject(), Record: &Record{
		Action: "token.exchange", Actor: r.Tenant.ClientActor(r.Client.ID), Details: map[string]any{"subject_jti": r.Subject.facts.ID},
	}}
	if user.ServiceAccountOf == r.Client.ID && made.ID == r.Client.ID {
		made.User = nil // the client itself
	}
	if reason != "" {
		made.Record.Details["reason"] = reason
	}
	before := r.Subject.facts.Actor
	switch {
	case r.Actor != nil:
		if err := d.byActor(ctx, r, made, reason); err != nil {
			return nil, err
		}
		made.Claims["act"] = acting(r.Actor.facts.Subject, before)
	case r.Subject.Client.ID != r.Client.ID:
		made.Claims["act"] = acting(r.Client.ID, before)
	case before != nil:
		made.Claims["act"] = before
	}
	return made, nil
}

// byActor judges whether the actor token's subject may act for the subject.
func (d Delegation) byActor(ctx context.Context, r *ExchangeRequest, made *Subject, reason string) error {
	who := r.Actor.facts
	if who.Actor != nil {
		return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonForbidden, "actor_token must speak for who acts, and nobody may act for that one")
	}
	actor, err := d.Rules.account(ctx, r.Tenant.ID, r.Actor)
	if err != nil {
		return err
	}
	made.Record.Actor = auditName(actor, r.Tenant)
	made.Record.Details["actor_jti"] = who.ID
	target := made.User
	if target == nil {
		return refusedTarget()
	}
	permit, err := d.Rules.permit(ctx, r, actor, target, reason, r.Subject.facts.MayAct.rules(actor, target)...)
	if err != nil {
		return err
	}
	permit.apply(made, d.Rules.now())
	return nil
}
