package grants

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// RuleBook says who may become whom; tenants.Directory is one.
type RuleBook interface {
	// ImpersonationRules returns all rules of the tenant, in the order in which they
	// are tried.
	ImpersonationRules(ctx context.Context, tenantID string) ([]tenants.ImpersonationRule, error)
}

// People finds users whom rules name; *store.DB does.
type People interface {
	// ImpersonationCandidates returns active people, sorted by NameKey.
	ImpersonationCandidates(ctx context.Context, tenantID string, c tenants.Candidates) ([]tenants.User, error)
}

// Impersonations judges who may become whom.
type Impersonations struct {
	rules     RuleBook
	directory Directory
	people    People
	pepper    Pepper
	now       func() time.Time
}

// NewImpersonations makes an Impersonations.
func NewImpersonations(rules RuleBook, directory Directory, people People, pepper Pepper, now func() time.Time) *Impersonations {
	return &Impersonations{rules: rules, directory: directory, people: people, pepper: pepper, now: now}
}

// permit is a rule that lets somebody become somebody.
type permit struct{ rule *tenants.ImpersonationRule }

// apply holds a token to the rule, and notes the rule for the audit log.
func (p permit) apply(s *Subject, now time.Time) {
	if p.rule.MaxLifetime > 0 {
		s.Expiry = earlier(s.Expiry, now.Add(time.Duration(p.rule.MaxLifetime)*time.Second))
	}
	s.Scopes = p.rule.Scopes
	s.Record.Details["rule"] = p.rule.ID
}

// permit returns the first rule of the tenant's, or else a further one, that lets the
// actor become the target, for that reason. It is invalid_target for whoever may not
// be become, and invalid_request where nothing but a reason is missing.
func (i *Impersonations) permit(ctx context.Context, r *ExchangeRequest, actor, target *tenants.User, reason string, further ...tenants.ImpersonationRule) (permit, error) {
	rules, err := i.rules.ImpersonationRules(ctx, r.Tenant.ID)
	if err != nil {
		return permit{}, err
	}
	actors, err := i.actors(ctx, r.Tenant.ID, actor, r.Subject)
	if err != nil {
		return permit{}, err
	}
	rule, unsaid := suitable(rules, actors, target, reason)
	if rule == nil && !unsaid {
		rule, _ = suitable(further, actors, target, reason)
	}
	switch {
	case rule != nil:
		return permit{rule}, nil
	case unsaid:
		return permit{}, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "reason is missing: say why you need to act as this user")
	}
	return permit{}, refusedTarget()
}

// suitable returns the first rule that lets the first of the actors become the
// target, nil for none; unsaid where one would for any reason.
func suitable(rules []tenants.ImpersonationRule, actors []*tenants.User, target *tenants.User, reason string) (rule *tenants.ImpersonationRule, unsaid bool) {
	for n := range rules {
		rule := &rules[n]
		switch {
		case !rule.Lets(actors[0], target) || !rule.Covers(actors, target):
		case rule.RequireReason && reason == "":
			unsaid = true
		default:
			return rule, false
		}
	}
	return nil, unsaid
}

// actors returns who acts, with all who acted before by the token: nobody gets
// past what they may do by becoming two others in turn.
func (i *Impersonations) actors(ctx context.Context, tenantID string, actor *tenants.User, by *Token) ([]*tenants.User, error) {
	all := []*tenants.User{actor}
	for _, id := range by.facts.Actor.subjects() {
		before, err := i.accountOf(ctx, tenantID, id)
		if err != nil {
			return nil, err
		}
		all = append(all, before)
	}
	return all, nil
}

// target returns the user of that id, or else of that username.
func (i *Impersonations) target(ctx context.Context, tenantID, name string) (*tenants.User, error) {
	user, err := i.directory.User(ctx, tenantID, name)
	if errors.Is(err, tenants.ErrNotFound) {
		user, err = i.directory.UserByLogin(ctx, tenantID, name)
		if err == nil && user.NameKey() != tenants.Fold(name) { // found by its e-mail address
			err = tenants.ErrNotFound
		}
	}
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, refusedTarget()
	}
	return user, err
}

// account returns whom a token speaks for; a client is told by its service account.
func (i *Impersonations) account(ctx context.Context, tenantID string, t *Token) (*tenants.User, error) {
	if t.User != nil {
		return t.User, nil
	}
	return i.accountOf(ctx, tenantID, t.facts.Subject)
}

func (i *Impersonations) accountOf(ctx context.Context, tenantID, subject string) (*tenants.User, error) {
	user, err := i.directory.User(ctx, tenantID, subject)
	if errors.Is(err, tenants.ErrNotFound) {
		user, err = i.directory.User(ctx, tenantID, tenants.ServiceAccountID(subject))
	}
	if errors.Is(err, tenants.ErrNotFound) { // gone since the token was looked at
		err = oauth.Errorf(oauth.InvalidRequest, oauth.ReasonWrong, "the subject of a token is no more")
	}
	return user, err
}

// refusedTarget is the answer for users whom the actor may not become, and for
// those that there are not.
func refusedTarget() error {
	return oauth.Errorf(oauth.InvalidTarget, oauth.ReasonForbidden, "no rule lets the subject of this token act as that user")
}

// maxReason bounds the reason that is kept in the audit log, in characters.
const maxReason = 500

// reasonOf returns the request's reason, our own parameter, "" for none.
func reasonOf(p oauth.Params) (string, error) {
	reason := strings.TrimSpace(p["reason"])
	if utf8.RuneCountInString(reason) > maxReason || strings.ContainsFunc(reason, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "reason may have %d characters, and no control characters", maxReason)
	}
	return reason, nil
}

// auditName is how the audit log shows who acts.
func auditName(u *tenants.User, t *tenants.Tenant) string {
	if u.IsServiceAccount() {
		return t.ClientActor(u.ServiceAccountOf)
	}
	return t.UserActor(u.ID)
}
