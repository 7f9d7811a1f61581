package grants

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Speaker returns a live access token of the tenant, for an endpoint that tells
// whoever it speaks for about themselves. Any other is invalid_token.
func (s *Service) Speaker(ctx context.Context, tenant *tenants.Tenant, token string) (*Token, error) {
	if token == "" {
		return nil, oauth.Errorf(oauth.InvalidToken, oauth.ReasonMissing, "an access token is missing")
	}
	live, err := s.inspector.Live(ctx, tenant, token)
	if err == nil && live == nil {
		err = oauth.Errorf(oauth.InvalidToken, oauth.ReasonWrong, "the access token cannot be used here")
	}
	return live, err
}

// Bearer returns the live access token of a person, for an endpoint that the
// client stands behind: one that was issued to that client, or for an API whose
// tokens it may introspect. Any other is invalid_token.
func (s *Service) Bearer(ctx context.Context, tenant *tenants.Tenant, clientID, token string) (*Token, error) {
	if token == "" {
		return nil, oauth.Errorf(oauth.InvalidToken, oauth.ReasonMissing, "an access token is missing")
	}
	refused := oauth.Errorf(oauth.InvalidToken, oauth.ReasonWrong, "the access token cannot be used here")
	client, err := s.directory.Client(ctx, tenant.ID, clientID)
	if errors.Is(err, tenants.ErrNotFound) || err == nil && !client.Usable(s.now()) {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	live, err := s.inspector.Live(ctx, tenant, token)
	if err != nil {
		return nil, err
	}
	if live == nil || live.User == nil || !mayIntrospect(client, live) {
		return nil, refused
	}
	return live, nil
}
