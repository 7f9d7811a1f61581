package grants

import (
	"context"
	"maps"
	"slices"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Introspect answers RFC 7662 section 2.2: the claims of a live access token
// and "active": true, or nothing but "active": false for any other token and
// for one that the asking client has no business with. A client may ask about
// its own tokens, refresh tokens too, and access tokens for the APIs that it is a resource server for. One
// that proves nothing may not ask (section 2.1).
func (s *Service) Introspect(ctx context.Context, r *TokenRequest) (map[string]any, error) {
	client, err := s.clients.Authenticate(ctx, r.Tenant, r.Credentials, r.Address)
	if err != nil {
		return nil, err
	}
	if client.AuthMethod == oauth.AuthNone {
		return nil, oauth.Errorf(oauth.InvalidClient, oauth.ReasonMissing, "a public client may not introspect tokens")
	}
	token := r.Params["token"]
	if token == "" {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "token is missing")
	}
	if answer, err := s.inspectByGrant(ctx, r.Tenant, client, token); answer != nil || err != nil {
		return answer, err
	}
	if answer, err := s.inspectOwn(ctx, r.Tenant, client, token); answer != nil || err != nil {
		return answer, err
	}
	live, err := s.inspector.Live(ctx, r.Tenant, token)
	if err != nil {
		return nil, err
	}
	if live == nil || !mayIntrospect(client, live) {
		return map[string]any{"active": false}, nil
	}
	answer := maps.Clone(live.Claims)
	answer["active"], answer["token_type"] = true, "Bearer"
	if delete(answer, "username"); live.User != nil { // a claim of that name says nothing of who it is (RFC 7662 section 2.2)
		answer["username"] = live.User.Username
	}
	if delete(answer, "scope"); len(live.Scopes()) > 0 {
		answer["scope"] = live.Scopes().String()
	}
	return answer, nil
}

func asTexts(list []any) []string {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i], _ = one.(string)
	}
	return texts
}

func mayIntrospect(client *tenants.Client, t *Token) bool {
	audience, _ := t.Claims["aud"].(string)
	return t.Client.ID == client.ID || slices.Contains(client.ResourceServerFor, audience)
}
