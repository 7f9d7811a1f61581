package admin

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// EffectiveQuery names the tokens to tell about. An empty Audience is the
// client's only API, or the issuer for a client without; an empty GrantType is
// the first one that the client may use.
type EffectiveQuery struct{ Audience, GrantType string }

// Effective is what becomes of all that is set for a client's access tokens,
// and who decided it, as a request at the standard token endpoint gets them.
type Effective struct {
	ClientID  string `json:"client_id"`
	Audience  string `json:"audience"`
	GrantType string `json:"grant_type"`
	// Allowed tells whether the client may use the grant at all.
	Allowed        bool             `json:"allowed"`
	Scopes         oauth.Scopes     `json:"scopes"` // without asking for any
	Lifetime       grants.Lifetime  `json:"lifetime"`
	ExcessLifetime string           `json:"excess_lifetime"`
	TokenFormat    EffectiveFormat  `json:"token_format"`
	SigningAlg     EffectiveAlg     `json:"signing_alg"`
	Claims         []EffectiveClaim `json:"claims"`
}

// EffectiveFormat is what tokens look like.
type EffectiveFormat struct {
	Value     string `json:"value"`
	DecidedBy string `json:"decided_by"` // client, api or platform
}

// EffectiveAlg is what signs tokens that are JWTs. While the first key of a
// further algorithm waits for its lead, one of another algorithm does.
type EffectiveAlg struct {
	Value     string     `json:"value"`
	DecidedBy string     `json:"decided_by"`         // api or tenant
	StandIn   string     `json:"stand_in,omitempty"` // what signs until Since
	Since     *time.Time `json:"since,omitempty"`    // set with StandIn
}

// EffectiveClaim is a configured claim of the tokens.
type EffectiveClaim struct {
	Name string `json:"name"`
	tenants.Claim
	DecidedBy string `json:"decided_by"` // client or api
}

// Effective tells what a client's access tokens are like. It needs clients:read.
func (s *Service) Effective(ctx context.Context, a Actor, slug, clientID string, q EffectiveQuery) (*Effective, error) {
	t, c, err := s.reachClient(ctx, a, "clients:read", slug, clientID)
	if err != nil {
		return nil, err
	}
	if q.GrantType == "" {
		if q.GrantType = oauth.GrantClientCredentials; len(c.GrantTypes) > 0 {
			q.GrantType = c.GrantTypes[0]
		}
	}
	known, _, err := s.grantTypes(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	if err := checkChoice("grant_type", q.GrantType, known); err != nil {
		return nil, err
	}
	e := &Effective{
		ClientID: c.ID, GrantType: q.GrantType, Allowed: c.AllowsGrant(q.GrantType), ExcessLifetime: t.ExcessLifetime,
		Scopes: oauth.Scopes{}, Claims: []EffectiveClaim{},
	}
	api, err := s.effectiveAPI(ctx, t, c, q.Audience)
	if err != nil {
		return nil, err
	}
	configured := map[string]EffectiveClaim{}
	for name, claim := range c.Claims {
		configured[name] = EffectiveClaim{name, claim, "client"}
	}
	e.Audience = t.Issuer
	if api != nil {
		access, _ := c.Access(api.Identifier)
		e.Audience, e.Scopes = api.Identifier, filled(grants.DefaultScopes(access, api))
		for name, claim := range api.Claims {
			configured[name] = EffectiveClaim{name, claim, "api"}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(configured)) {
		e.Claims = append(e.Claims, configured[name])
	}
	e.Lifetime = grants.EffectiveLifetime(t, c, api, q.GrantType, oauth.Profile{})
	e.TokenFormat.Value, e.TokenFormat.DecidedBy = tenants.TokenFormat(c, api)
	e.SigningAlg, err = s.effectiveAlg(ctx, t, api)
	return e, err
}

// effectiveAlg returns what signs tokens for an API, nil for the issuer.
func (s *Service) effectiveAlg(ctx context.Context, t *tenants.Tenant, api *tenants.API) (EffectiveAlg, error) {
	alg := EffectiveAlg{Value: t.SigningAlg, DecidedBy: "tenant"}
	if api != nil && api.SigningAlg != "" {
		alg = EffectiveAlg{Value: api.SigningAlg, DecidedBy: "api"}
	}
	set, err := s.store.KeySet(ctx, t.ID)
	if err != nil {
		return alg, err
	}
	now := s.instant()
	if other := keys.StandIn(set, alg.Value, now); other != nil {
		since := now.Add(s.cfg.Timing.Lead) // where its key is made with the next token
		if next := keys.Successor(set, alg.Value, now); next != nil {
			since = next.ActiveAt
		}
		alg.StandIn, alg.Since = other.Alg, &since
	}
	return alg, nil
}

// effectiveAPI returns the client's API that the audience names, nil where it is
// the issuer.
func (s *Service) effectiveAPI(ctx context.Context, t *tenants.Tenant, c *tenants.Client, audience string) (*tenants.API, error) {
	allowed := make([]string, 0, len(c.APIs)+1)
	for _, access := range c.APIs {
		allowed = append(allowed, access.Identifier)
	}
	if audience == "" && len(allowed) == 1 {
		audience = allowed[0]
	}
	if audience == t.Issuer || audience == "" && len(allowed) == 0 {
		return nil, nil
	}
	if _, may := c.Access(audience); !may {
		return nil, Errorf(CodeInvalid, "audience", "must be one of the client's: %s", listed(append(allowed, t.Issuer)))
	}
	return s.referred(ctx, t.ID, "audience", audience)
}
