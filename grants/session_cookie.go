package grants

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// ofDialect answers with the user whose session is in a cookie that a dialect
// names. Its clients know of no proof, and many are no browsers: instead nothing
// is taken that a page of another origin may have sent.
func (g Session) ofDialect(ctx context.Context, r *Request) (*Subject, error) {
	if err := r.Browser.fromNoOtherPage(r.Client); err != nil {
		return nil, err
	}
	visit, err := g.Sessions.visit(ctx, r.Tenant, r.Browser.Session)
	if err != nil {
		return nil, err
	}
	return visit.subject(), nil
}

// fromNoOtherPage answers access_denied for what a browser has sent on behalf of
// a page that is neither of the tenant's host nor of an origin that the client
// lists. What programs send says nothing of pages, and is let through.
func (b *Browser) fromNoOtherPage(client *tenants.Client) error {
	program := b.Origin == "" && (b.FetchSite == "" || b.FetchSite == "none" || b.FetchSite == "same-origin")
	if b.OwnOrigin != "" && program {
		return nil
	}
	return b.fromListedPage(client)
}

// StartSession starts a session for whom username and password prove, and
// returns its cookie, for an endpoint that a client stands behind which may use
// the session grant. The user must have the permission that the endpoint
// requires. Errors are those of Sessions.SignIn, and access_denied.
func (s *Service) StartSession(ctx context.Context, sessions *Sessions, r *TokenRequest, userAgent string) (cookie string, err error) {
	client, err := s.prepares(ctx, r, oauth.GrantSession)
	if err != nil {
		return "", err
	}
	if err := r.Browser.fromNoOtherPage(client); err != nil {
		return "", err
	}
	for _, name := range []string{"username", "password"} {
		if r.Params[name] == "" {
			return "", oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "%s is missing", name)
		}
	}
	cookie, err = sessions.SignIn(ctx, Login{
		Tenant: r.Tenant, Username: r.Params["username"], Password: r.Params["password"], Address: r.Address, RequestID: r.RequestID,
	}, r.Browser.Session, userAgent)
	if err != nil {
		return "", err
	}
	visit, err := sessions.visit(ctx, r.Tenant, cookie)
	if err != nil {
		return "", err
	}
	if needed := r.Profile.RequiredPermission; needed != "" && !visit.User.May(needed) {
		if err := sessions.SignOut(ctx, visit, r.Address, r.RequestID); err != nil {
			return "", err
		}
		return "", oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "this needs the permission %s", needed)
	}
	return cookie, nil
}
