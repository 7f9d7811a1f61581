package grants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Introspect answers RFC 7662 section 2.2: the claims of a live access token
// and "active": true, or nothing but "active": false for any other token and
// for one that the asking client has no business with. A client may ask about
// its own tokens and those for the APIs that it is a resource server for.
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
	claims, err := s.live(ctx, r.Tenant, token)
	if err != nil {
		return nil, err
	}
	if claims == nil || !mayIntrospect(client, claims) {
		return map[string]any{"active": false}, nil
	}
	claims["active"] = true
	claims["token_type"] = "Bearer"
	return claims, nil
}

// live returns the claims of an access token of the tenant that is good at
// this moment, nil for any other.
func (s *Service) live(ctx context.Context, tenant *tenants.Tenant, token string) (map[string]any, error) {
	payload, err := s.signer.Verify(ctx, tenant.ID, oauth.TypeAccessToken, token)
	if errors.Is(err, oauth.ErrInvalidToken) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if err := decoder.Decode(&claims); err != nil {
		return nil, err // it carries a signature of ours
	}
	expiry, err := claims["exp"].(json.Number).Int64()
	if err != nil {
		return nil, err
	}
	// Verifying leaves room for clocks that differ; who asks the issuer does not need it.
	if claims["iss"] != tenant.Issuer || s.now().Unix() >= expiry {
		return nil, nil
	}
	issuedTo, _ := claims["client_id"].(string)
	client, err := s.directory.Client(ctx, tenant.ID, issuedTo)
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !client.Usable(s.now()) {
		return nil, nil
	}
	return claims, nil
}

func mayIntrospect(client *tenants.Client, claims map[string]any) bool {
	audience, _ := claims["aud"].(string)
	return claims["client_id"] == client.ID || slices.Contains(client.ResourceServerFor, audience)
}
