package grants

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// UserAndClient is our own grant by which a client that has proven who it is
// brings a person's password, for systems that ask for both in one request. It
// differs from Password in what it gives: to no public client, and never a
// refresh token. Whoever wants to go on asks the person again.
type UserAndClient struct{ SignIn *SignIn }

// Type returns urn:gatehouse:params:oauth:grant-type:user-and-client.
func (UserAndClient) Type() string { return oauth.GrantUserAndClient }

// Params returns username and password.
func (UserAndClient) Params() []string { return []string{"username", "password"} }

// Unlisted keeps the grant out of discovery, as Password is.
func (UserAndClient) Unlisted() {}

// Authorize answers with the user who has that name and password.
func (g UserAndClient) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	subject, err := Password(g).Authorize(ctx, r)
	if err != nil {
		return nil, err
	}
	subject.Renewable = false
	return subject, nil
}
