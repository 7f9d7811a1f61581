package grants

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// RefreshToken is the grant of RFC 6749 section 6: what a person once granted
// goes on, within its scopes and for its audience. Each refresh token is used
// once and replaced by the next of its family (RFC 9700 section 4.14.2).
type RefreshToken struct{ Tokens *RefreshTokens }

// Type returns refresh_token.
func (RefreshToken) Type() string { return oauth.GrantRefreshToken }

// Params returns refresh_token.
func (RefreshToken) Params() []string { return []string{"refresh_token"} }

// OpenToPublic says that the refresh token is the proof.
func (RefreshToken) OpenToPublic() {}

// Authorize answers with the user whom the refresh token's family is of. A token
// that was used before ends its family, at once and whatever else the request
// asks for; nothing else is changed here.
func (g RefreshToken) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	text := r.Params["refresh_token"]
	if text == "" {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "refresh_token is missing")
	}
	token, err := g.Tokens.find(ctx, r.Tenant, r.Client, text)
	if err != nil {
		return nil, err
	}
	if err := g.Tokens.usable(ctx, r, token); err != nil {
		return nil, err
	}
	family := &token.Family
	user, err := g.Tokens.owner(ctx, r.Tenant.ID, r.Client, family)
	if err != nil {
		return nil, err
	}
	scopes := family.Scopes
	if scopes == nil {
		scopes = oauth.Scopes{} // nil would be no bound
	}
	return &Subject{
		ID: user.ID, User: user, EarnedBy: family.GrantType, Audience: family.Audience, Scopes: scopes, KeepScopes: true, ScopesOf: "what was granted",
		GrantID: family.ID, GrantedAt: family.CreatedAt, Claims: family.Claims,
		Expiry: familyEnd(family, tenants.RefreshBoundsOf(r.Tenant, r.Client)),
		Spend:  func(ctx context.Context, i *Issued) error { return g.Tokens.spend(ctx, i, token, text) },
	}, nil
}

// Revoke ends the family of a refresh token of the request's client (RFC 7009
// section 2.1).
func (g RefreshToken) Revoke(ctx context.Context, r *Request, text string) (known bool, err error) {
	if !isRefreshToken(r.Tenant.ID, text) {
		return false, nil
	}
	token, err := g.Tokens.find(ctx, r.Tenant, r.Client, text)
	if refused := (*oauth.Error)(nil); errors.As(err, &refused) {
		return true, nil // of another client, or none any more
	}
	if err != nil {
		return true, err
	}
	return true, g.Tokens.end(ctx, r, &token.Family, "refresh_token.revoke")
}

// refreshRefused is the answer to a refresh token that cannot be used. Whether
// it ever could is not told.
func refreshRefused(reason oauth.Reason) error {
	return oauth.Errorf(oauth.InvalidGrant, reason, "the refresh token cannot be used")
}
