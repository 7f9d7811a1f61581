package admin

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// BootstrapOptions name the operator's first client. What is empty is chosen here.
type BootstrapOptions struct {
	ClientID     string // empty: operator
	ClientSecret string // empty: a random one
}

// Credentials are the operator's first client. ClientSecret is empty unless it
// was generated: it is to be shown once.
type Credentials struct {
	Issuer        string `json:"issuer"`
	TokenEndpoint string `json:"token_endpoint"`
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret,omitempty"`
}

// Bootstrap makes, on a database without tenants, the operator's tenant and a
// client that has every admin scope there, and returns its credentials. On any
// other database it does nothing and returns nil. Nodes may do it at once: one
// of them makes the client. A start that died between tenant and client is
// finished by the next.
func (s *Service) Bootstrap(ctx context.Context, o BootstrapOptions) (*Credentials, error) {
	operator, err := s.operatorToFurnish(ctx)
	if operator == nil || err != nil {
		return nil, err
	}
	if o.ClientID == "" {
		o.ClientID = "operator" // fixed, so that of two nodes one is refused
	}
	made, err := s.createClient(ctx, System(), operator, NewClient{
		ID: o.ClientID, Secret: o.ClientSecret,
		ClientSettings: ClientSettings{
			Name: "Operator", Description: "Made on the first start.", GrantTypes: []string{oauth.GrantClientCredentials},
			APIs: []tenants.APIAccess{{Identifier: oauth.AdminAudience, Scopes: AllScopes()}},
		},
	})
	if errors.Is(err, tenants.ErrExists) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	credentials := &Credentials{Issuer: operator.Issuer, TokenEndpoint: operator.Issuer + "/oauth2/token", ClientID: made.ID}
	if o.ClientSecret == "" {
		credentials.ClientSecret = made.Secret
	}
	return credentials, nil
}

// operatorToFurnish returns the operator's tenant if it is the only one and
// has no client, making it where there is none; otherwise nil.
func (s *Service) operatorToFurnish(ctx context.Context) (*tenants.Tenant, error) {
	known, err := s.store.Tenants(ctx, Range{Limit: 2})
	if err != nil {
		return nil, err
	}
	if len(known) == 0 {
		made, err := s.createTenant(ctx, System(), NewTenant{Slug: tenants.OperatorSlug, Name: "Operator"})
		if !errors.Is(err, tenants.ErrExists) {
			return made, err
		}
		if known, err = s.store.Tenants(ctx, Range{Limit: 2}); err != nil { // another node was first
			return nil, err
		}
	}
	if len(known) != 1 || !known[0].IsOperator() {
		return nil, nil
	}
	clients, err := s.store.Clients(ctx, known[0].ID, Range{Limit: 1})
	if err != nil || len(clients) > 0 {
		return nil, err
	}
	return &known[0], nil
}
