package grants

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Password is the grant of RFC 6749 section 4.3: a person gives the client
// their password. RFC 9700 section 2.4 forbids it; it is here for systems that
// cannot do without yet, per client, and discovery never names it.
type Password struct{ SignIn *SignIn }

// Type returns password.
func (Password) Type() string { return oauth.GrantPassword }

// Params returns username and password.
func (Password) Params() []string { return []string{"username", "password"} }

// OpenToPublic says that the password is the proof.
func (Password) OpenToPublic() {}

// Unlisted keeps the grant out of discovery.
func (Password) Unlisted() {}

// Authorize answers with the user who has that name and password.
func (g Password) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	for _, name := range g.Params() {
		if r.Params[name] == "" {
			return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "%s is missing", name)
		}
	}
	user, err := g.SignIn.Password(ctx, Login{
		Tenant: r.Tenant, Username: r.Params["username"], Password: r.Params["password"], Address: r.Address, RequestID: r.RequestID,
	})
	if err != nil {
		return nil, err
	}
	return &Subject{ID: user.ID, User: user, Renewable: true, Claims: map[string]any{
		"auth_time": g.SignIn.now().Unix(), "amr": []string{"pwd"}, // RFC 8176
	}}, nil
}
