package grants

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// TokenRenewal is our own grant by which an access token that still lives earns
// the next one, for systems whose clients know no refresh tokens. RFC 9700 is
// against it: who has a token keeps it. So it works for the endpoints of dialects
// only, for tokens that they marked so, and no chain outlives the tenant's bound
// for refresh tokens or what the first token was bound by. Each is a family like
// those of refresh tokens, and ends with it.
type TokenRenewal struct{ Tokens *RefreshTokens }

// Type returns urn:gatehouse:params:oauth:grant-type:renewal.
func (TokenRenewal) Type() string { return oauth.GrantRenewal }

// Params returns subject_token.
func (TokenRenewal) Params() []string { return []string{"subject_token"} }

// OpenToDialects says that the token is the proof.
func (TokenRenewal) OpenToDialects() {}

// Unlisted keeps the grant out of discovery: it works where no client is named.
func (TokenRenewal) Unlisted() {}

// Authorize answers with the user whom the token speaks for. What revokes the
// first token of a chain ends all that came of it.
func (g TokenRenewal) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	if r.Client.AuthMethod != oauth.AuthDialect {
		return nil, oauth.Errorf(oauth.UnauthorizedClient, oauth.ReasonForbidden, "only endpoints of dialects renew tokens by themselves")
	}
	token, err := renewable(ctx, r)
	if err != nil {
		return nil, err
	}
	f := token.facts
	if err := g.Tokens.goesOn(ctx, r, f.GrantID); err != nil {
		return nil, err
	}
	earners := f.Exchanged
	if !slices.ContainsFunc(earners, func(e exchanged) bool { return e.Kid == f.kid }) { // the first one, and one for each key that signed
		earners = append(slices.Clip(earners), f.trace())
	}
	return &Subject{
		ID: token.User.ID, User: token.User, Expiry: time.Unix(f.RenewUntil, 0), RenewUntil: f.RenewUntil, Audience: f.Audience, GrantID: f.GrantID,
		Scopes: append(oauth.Scopes{}, token.Scopes()...), KeepScopes: true, Exchanged: earners, Claims: token.ofSubject(),
		Record: &Record{Action: "token.renew", Actor: r.Tenant.ClientActor(r.Client.ID), Details: map[string]any{"subject_jti": f.ID}},
		Spend: func(ctx context.Context, i *Issued) error {
			return noRenewal(g.Tokens.store.RenewInFamily(ctx, i.Tenant.ID, f.GrantID, i.At, i.Issue()))
		},
	}, nil
}

// goesOn answers invalid_token unless the family has not ended, and the client may
// still use the grant that it was earned by.
func (t *RefreshTokens) goesOn(ctx context.Context, r *Request, familyID string) error {
	found, err := t.store.RefreshFamily(ctx, r.Tenant.ID, familyID)
	if err == nil && (!found.Live(t.now()) || !r.Client.AllowsGrant(found.Family.GrantType)) {
		err = tenants.ErrNotFound
	}
	return noRenewal(err)
}

// noRenewal answers for a family that is there no more.
func noRenewal(err error) error {
	if errors.Is(err, tenants.ErrNotFound) {
		return oauth.Errorf(oauth.InvalidToken, oauth.ReasonExpired, "the access token cannot be renewed any more")
	}
	return err
}

// renewable returns the live token that the request brings, if it was issued by an
// endpoint of this dialect that lets its tokens be renewed.
func renewable(ctx context.Context, r *Request) (*Token, error) {
	text := r.Params["subject_token"]
	if text == "" {
		return nil, oauth.Errorf(oauth.InvalidToken, oauth.ReasonMissing, "an access token is missing")
	}
	if !isOpaque(text) && strings.Count(text, ".") != 2 {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "this has not the form of an access token")
	}
	token, err := r.Inspector.Live(ctx, r.Tenant, text)
	if err != nil {
		return nil, err
	}
	if token == nil || token.User == nil || token.Client.ID != r.Client.ID || token.facts.RenewUntil == 0 || token.facts.Actor != nil {
		return nil, oauth.Errorf(oauth.InvalidToken, oauth.ReasonWrong, "the access token cannot be renewed")
	}
	return token, nil
}

// renewUntil is when the last token ends that the one of i can be renewed to, 0
// for none: its family's end.
func renewUntil(i *Issued, p oauth.Profile) int64 {
	if !p.Renewable || i.Refresh == nil {
		return i.Subject.RenewUntil
	}
	return i.Refresh.Family.ExpiresAt.Unix()
}
