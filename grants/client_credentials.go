package grants

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// ClientCredentials is the grant of RFC 6749 section 4.4: a client asks for a
// token for itself. It gives no refresh token (section 4.4.3).
type ClientCredentials struct{}

// Type returns client_credentials.
func (ClientCredentials) Type() string { return oauth.GrantClientCredentials }

// Params returns nothing: the shared parameters are all that there are.
func (ClientCredentials) Params() []string { return nil }

// Authorize answers with the client itself (RFC 9068 section 2.2).
func (ClientCredentials) Authorize(_ context.Context, r *Request) (*Subject, error) {
	return &Subject{ID: r.Client.ID}, nil
}
