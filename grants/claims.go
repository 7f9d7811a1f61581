package grants

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// maxFurther bounds what configured claims may add to a token, in bytes of
// JSON: a token must fit into a header.
const maxFurther = 8 << 10

// furtherClaims returns what the token carries beside the claims that the
// Service decides: those of the client, those of the API in their place where
// both name one, and those of the grant in place of both.
func (s *Service) furtherClaims(ctx context.Context, i *Issued, api *tenants.API) (map[string]any, error) {
	configured := []tenants.Claims{i.Client.Claims}
	if api != nil {
		configured = append(configured, api.Claims)
	}
	all := map[string]any{}
	for _, claims := range configured {
		if err := s.addClaims(ctx, all, i, claims); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return i.Subject.Claims, nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	if len(text) > maxFurther {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonConflict,
			"the claims that are configured for this client and this API have %d bytes here, and a token has room for %d", len(text), maxFurther)
	}
	maps.Copy(all, i.Subject.Claims)
	return all, nil
}

func (s *Service) addClaims(ctx context.Context, to map[string]any, i *Issued, claims tenants.Claims) error {
	for name, claim := range claims {
		if !tenants.SettableClaim(name) || name == tenants.MayAct && !tenants.IsMayAct(claim.Value) {
			continue
		}
		var user *tenants.User
		if claim.From != "" {
			var err error
			if user, err = s.spokenFor(ctx, i); err != nil {
				return err
			}
		}
		if value := claim.Of(user); value != nil {
			to[name] = value
		}
	}
	return nil
}

// spokenFor returns the user that the token speaks for; a client stands for its
// service account.
func (s *Service) spokenFor(ctx context.Context, i *Issued) (*tenants.User, error) {
	if i.Subject.User != nil {
		return i.Subject.User, nil
	}
	user, err := s.directory.User(ctx, i.Tenant.ID, tenants.ServiceAccountID(i.Client.ID))
	return user, none(err)
}
