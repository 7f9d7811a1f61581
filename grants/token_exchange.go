package grants

import (
	"context"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// TypeTokenAccess is the token type identifier of RFC 8693 section 3 for access
// tokens, the only type that is taken and given here.
const TypeTokenAccess = "urn:ietf:params:oauth:token-type:access_token"

// maxExchanges bounds how often a token is exchanged for another one: each leaves
// its trace in the token.
const maxExchanges = 5

// TokenExchange is the grant of RFC 8693: an access token of this tenant earns
// another one. What for is decided by its kinds; what holds for all of them is
// decided here, so that none can give more than was brought.
type TokenExchange struct{ Kinds []Exchange }

// NewTokenExchange makes a TokenExchange of the kinds that come with this package.
func NewTokenExchange(rules *Impersonations) TokenExchange {
	return TokenExchange{Kinds: []Exchange{Impersonation{Rules: rules}, Delegation{Rules: rules}}}
}

// Exchange is a kind of token exchange.
type Exchange interface {
	// Params names the request parameters that the kind reads, beside those of RFC
	// 8693 that every kind may read.
	Params() []string
	// Takes reports whether the request is for the kind. The first one that takes
	// it decides.
	Takes(p oauth.Params) bool
	// Exchange says who the new token speaks for and, by Delegated and Claims, who
	// acts. It is held to the life, the scopes and the audience of what was brought.
	Exchange(ctx context.Context, r *ExchangeRequest) (*Subject, error)
}

// ExchangeRequest is what a kind of exchange sees: tokens that are good at this
// moment and that the request's client may bring.
type ExchangeRequest struct {
	*Request
	Subject *Token
	Actor   *Token // nil for none
}

// Type returns urn:ietf:params:oauth:grant-type:token-exchange.
func (TokenExchange) Type() string { return oauth.GrantTokenExchange }

// Params returns those of RFC 8693 section 2.1 and of the kinds.
func (g TokenExchange) Params() []string {
	params := []string{"subject_token", "subject_token_type", "actor_token", "actor_token_type", "requested_token_type"}
	for _, kind := range g.Kinds {
		params = append(params, kind.Params()...)
	}
	return params
}

// Authorize judges the tokens and has the kind say who the new one speaks for.
func (g TokenExchange) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	if wanted := r.Params["requested_token_type"]; wanted != "" && wanted != TypeTokenAccess {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonUnknown, "requested_token_type may be only %s", TypeTokenAccess)
	}
	at := slices.IndexFunc(g.Kinds, func(kind Exchange) bool { return kind.Takes(r.Params) })
	if at < 0 {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonUnknown, "this kind of token exchange is not known here")
	}
	subject, err := brought(ctx, r, "subject_token")
	if err != nil {
		return nil, err
	}
	if subject == nil {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "subject_token is missing")
	}
	actor, err := brought(ctx, r, "actor_token")
	if err != nil {
		return nil, err
	}
	if err := mayAct(r, subject, actor); err != nil {
		return nil, err
	}
	made, err := g.Kinds[at].Exchange(ctx, &ExchangeRequest{Request: r, Subject: subject, Actor: actor})
	if err != nil {
		return nil, err
	}
	return made, confine(r.Client, made, subject, actor)
}

// brought returns the token that the request brings under a name, nil for none.
// One that is not good here, for whatever reason, is answered as any other
// (section 2.2.2).
func brought(ctx context.Context, r *Request, name string) (*Token, error) {
	text, kind := r.Params[name], r.Params[name+"_type"]
	switch {
	case text == "" && kind == "":
		return nil, nil
	case text == "":
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "%s is missing", name)
	case kind == "":
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "%s_type is missing", name)
	case kind != TypeTokenAccess:
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonUnknown, "%s_type may be only %s", name, TypeTokenAccess)
	}
	token, err := r.Inspector.Live(ctx, r.Tenant, text)
	if err != nil {
		return nil, err
	}
	if token == nil || !mayIntrospect(r.Client, token) {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonWrong, "%s is no access token that this client may exchange", name)
	}
	return token, nil
}

// mayAct honours the subject token's may_act (section 4.4): where it names who may
// act for its subject, nobody else gets anything for it.
func mayAct(r *Request, subject, actor *Token) error {
	named := subject.facts.MayAct
	if named == nil || named.is(r, subject, actor) {
		return nil
	}
	return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonForbidden, "subject_token names in may_act who may act for its subject, and that is somebody else")
}

// party is the may_act claim of RFC 8693 section 4.4.
type party struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
}

// is reports whether the party that the subject token names is who acts: the subject
// of the actor token, or else the client. A party that is named by nothing is nobody,
// and one that was made after the token is not whom it names.
func (p *party) is(r *Request, subject, actor *Token) bool {
	if p.Issuer != "" && p.Issuer != r.Tenant.Issuer || p.ClientID != "" && p.ClientID != r.Client.ID {
		return false
	}
	at := subject.facts.IssuedAt
	if at < madeAt(r.Client, actor).Unix() || p.ClientID != "" && at < r.Client.CreatedAt.Unix() { // its id belonged to another one then
		return false
	}
	if p.Subject == "" {
		return p.ClientID != ""
	}
	if actor != nil {
		return p.Subject == actor.facts.Subject
	}
	return p.Subject == r.Client.ID || p.Subject == tenants.ServiceAccountID(r.Client.ID)
}

// madeAt returns when who acts was made. An actor token without a user speaks for
// the client that it was issued to: none by which somebody acts is taken.
func madeAt(client *tenants.Client, actor *Token) time.Time {
	switch {
	case actor == nil:
		return client.CreatedAt
	case actor.User == nil:
		return actor.Client.CreatedAt
	}
	return actor.User.CreatedAt
}

// rules returns what the claim permits: that the actor, whom it was found to name,
// acts for whom the token speaks for, if that one may do no more than the actor.
// Naming nothing but a client lets no particular subject act.
func (p *party) rules(actor, target *tenants.User) []tenants.ImpersonationRule {
	if p == nil || p.Subject == "" {
		return nil
	}
	return []tenants.ImpersonationRule{{
		ID: tenants.MayAct, Status: tenants.Active, Actor: tenants.Party{User: actor.ID}, Target: tenants.Party{User: target.ID},
	}}
}

// confine holds what a kind of exchange made to what was brought: scopes and life
// of both tokens and, for a client's own token, its audience.
func confine(client *tenants.Client, made *Subject, subject, actor *Token) error {
	made.Renewable, made.KeepScopes, made.ScopesOf = false, true, "what was brought for this token"
	made.IssuedTokenType = TypeTokenAccess
	made.GrantID = subject.facts.GrantID
	for _, token := range []*Token{subject, actor} {
		if token == nil {
			continue
		}
		made.Expiry = earlier(made.Expiry, token.Expiry)
		made.Scopes = token.Scopes().Within(bound(made.Scopes, token.Scopes()))
		if len(made.Scopes) == 0 && len(token.Scopes()) > 0 {
			return nothingLeft()
		}
		if made.Scopes == nil {
			made.Scopes = oauth.Scopes{} // nil would be no bound
		}
		made.Exchanged = append(made.Exchanged, token.facts.Exchanged...)
		made.Exchanged = append(made.Exchanged, token.facts.trace())
	}
	if len(made.Exchanged) > maxExchanges {
		return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonForbidden, "the token would stand on %d others, and %d are the most", len(made.Exchanged), maxExchanges)
	}
	if subject.Client.ID == client.ID { // who asked for it has chosen what for
		made.Audience = subject.facts.Audience
	}
	return nil
}

// nothingLeft is the answer where tokens with scopes would earn one without any.
func nothingLeft() error {
	return oauth.Errorf(oauth.InvalidScope, oauth.ReasonForbidden, "none of the scopes of the tokens that were brought may be given here")
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// bound returns the scopes that bound others, all where there is no bound.
func bound(scopes, all oauth.Scopes) oauth.Scopes {
	if scopes == nil {
		return all
	}
	return scopes
}

// acting is the act claim for who acts now, before whom others did (section 4.1).
func acting(subject string, before *actor) *actor { return &actor{Subject: subject, Actor: before} }
