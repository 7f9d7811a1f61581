package grants

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Session is our own grant by which a page has the session of its browser
// exchanged for a token: for pages of the tenant's own host, and of the origins
// that the client lists.
type Session struct{ Sessions *Sessions }

// Type returns urn:gatehouse:params:oauth:grant-type:session.
func (Session) Type() string { return oauth.GrantSession }

// Params returns session_proof.
func (Session) Params() []string { return []string{"session_proof"} }

// OpenToPublic says that the session is the proof.
func (Session) OpenToPublic() {}

// OwnHostOnly says that tenants who are told apart by their path share an origin.
func (Session) OwnHostOnly() {}

// Authorize answers with the user who is signed in. The token lives no longer
// than the session can.
func (g Session) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	if r.Browser.OfDialect {
		return g.ofDialect(ctx, r)
	}
	if err := r.Browser.fromListedPage(r.Client); err != nil {
		return nil, err
	}
	proof := r.Params["session_proof"]
	if proof == "" {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "session_proof is missing")
	}
	visit, err := g.Sessions.visit(ctx, r.Tenant, r.Browser.Session)
	if err != nil {
		return nil, err
	}
	subject := visit.subject()
	expiry, ok := visit.proves(proof, r.Client.ID, r.Browser.Origin, g.Sessions.now())
	if !ok {
		return nil, errProof()
	}
	hash, err := g.Sessions.pepper.MAC(ctx, r.Tenant.ID, proofPurpose, proof)
	if err != nil {
		return nil, err
	}
	subject.Spend = func(ctx context.Context, issued *Issued) error {
		err := g.Sessions.store.SpendProof(ctx, visit.Session, hash, expiry, issued.Issue())
		if errors.Is(err, tenants.ErrNotFound) {
			return errProof()
		}
		return err
	}
	return subject, nil
}

func errProof() error {
	return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonWrong, "session_proof is wrong, has ended or was used")
}

// subject is the user who is signed in, as long as the session may last.
func (v *Visit) subject() *Subject {
	return &Subject{ID: v.User.ID, User: v.User, SessionID: v.Session.ID, Expiry: v.Session.ExpiresAt, Claims: map[string]any{
		"auth_time": v.Session.CreatedAt.Unix(), "amr": []string{"pwd"}, // RFC 8176
	}}
}
