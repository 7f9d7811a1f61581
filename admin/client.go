package admin

import (
	"context"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// NewClient is what a client is made of. Only Name must be given.
type NewClient struct {
	ClientSettings
	ID     string `json:"client_id"`                     // empty: a random one
	Secret string `json:"client_secret" empty:"refused"` // empty: a random one
}

// ClientSettings is what can be set and changed of a client. Of an API that is named
// without scopes, nil, a client gets all that are not deprecated; an empty list
// is none.
type ClientSettings struct {
	Name              string              `json:"name"`
	Description       string              `json:"description"`
	Status            tenants.Status      `json:"status"`      // empty: active
	GrantTypes        []string            `json:"grant_types"` // may be empty; nil: client_credentials, if the client can prove who it is
	AuthMethod        string              `json:"token_endpoint_auth_method"`
	APIs              []tenants.APIAccess `json:"apis"`
	ResourceServerFor []string            `json:"resource_server_for"`
	Lifetimes         map[string]int      `json:"lifetimes"`
	// AllowedOrigins are those of pages that may exchange sessions for the client,
	// and use the endpoints of a dialect that it stands behind.
	AllowedOrigins []string `json:"allowed_origins"`
	// RequiredPermissions are what the subject of a token must be permitted, per
	// grant_type; Permissions are those of the client's own service account.
	RequiredPermissions map[string]string `json:"required_permissions"`
	Permissions         []string          `json:"permissions"`
	ExpiresAt           *time.Time        `json:"expires_at"`
	TokenShape
	tenants.Lifetime
	tenants.Assertions
	tenants.RefreshLifetime
}

// CreatedClient is a new client with its secret, which is never shown again. A
// client that needs none has none.
type CreatedClient struct {
	*tenants.Client
	Secret string `json:"client_secret,omitempty"`
}

// CreateClient makes a client with one secret, if its method needs one. It needs clients:write, and the
// actor must have the admin scopes that it gives to the client.
func (s *Service) CreateClient(ctx context.Context, a Actor, slug string, n NewClient) (*CreatedClient, error) {
	t, err := s.reach(ctx, a, "clients:write", slug)
	if err != nil {
		return nil, err
	}
	return s.createClient(ctx, a, t, n)
}

func (s *Service) createClient(ctx context.Context, a Actor, t *tenants.Tenant, n NewClient) (*CreatedClient, error) {
	now := s.instant()
	c := &tenants.Client{TenantID: t.ID, ID: n.ID, CreatedAt: now, UpdatedAt: now}
	if c.ID == "" {
		c.ID = newClientID()
	} else if !only(c.ID, "._~@-", 1, 128) || isDots(c.ID) {
		return nil, Errorf(CodeInvalid, "client_id", "must be 1 to 128 of A-Z a-z 0-9 . _ ~ @ -, and neither . nor ..")
	}
	if err := keepsStandIn("", n.AuthMethod); err != nil {
		return nil, err
	}
	if n.AuthMethod == "" && n.JWKSURI != "" {
		return nil, Errorf(CodeInvalid, "token_endpoint_auth_method", "must be given beside a jwks_uri, whose keys count for private_key_jwt only")
	}
	if n.GrantTypes == nil && n.AuthMethod != oauth.AuthNone {
		n.GrantTypes = []string{oauth.GrantClientCredentials}
	}
	n.ClientSettings.applyTo(c)
	if c.ExpiresAt != nil && !now.Before(*c.ExpiresAt) {
		return nil, Errorf(CodeInvalid, "expires_at", "must be in the future")
	}
	if err := s.checkClient(ctx, c); err != nil {
		return nil, err
	}
	if err := checkGiven(a, "permissions", c.Permissions); err != nil {
		return nil, err
	}
	if err := s.checkAPIs(ctx, a, c); err != nil {
		return nil, err
	}
	if err := s.checkResourceServer(ctx, c); err != nil {
		return nil, err
	}
	if err := s.checkJWKSURI(c); err != nil {
		return nil, err
	}
	text, err := s.firstSecret(ctx, c, n.Secret)
	if err != nil {
		return nil, err
	}
	details := map[string]any{"grant_types": c.GrantTypes, "apis": c.APIs, "token_endpoint_auth_method": c.AuthMethod}
	for _, secret := range c.Secrets {
		details["secret_id"] = secret.ID
	}
	if err := s.store.CreateClient(ctx, c, s.event(a, t.ID, "client.create", c.ID, details)); err != nil {
		return nil, refused(err, "client", "client_id")
	}
	return &CreatedClient{Client: c, Secret: text}, nil
}

// Client returns a client; it needs clients:read.
func (s *Service) Client(ctx context.Context, a Actor, slug, clientID string) (*tenants.Client, error) {
	_, c, err := s.reachClient(ctx, a, "clients:read", slug, clientID)
	return c, err
}

func (s *Service) reachClient(ctx context.Context, a Actor, scope, slug, clientID string) (*tenants.Tenant, *tenants.Client, error) {
	return reachOne(ctx, s, a, scope, slug, "client", clientID, s.store.Client)
}

// changeClient is reachClient for whoever wants to change the client. Who has
// fewer admin scopes than the client or its service account could else borrow
// them from it.
func (s *Service) changeClient(ctx context.Context, a Actor, slug, clientID string) (*tenants.Tenant, *tenants.Client, error) {
	t, c, err := s.reachClient(ctx, a, "clients:write", slug, clientID)
	if err != nil {
		return nil, nil, err
	}
	access, _ := c.Access(oauth.AdminAudience)
	if err := checkHeld(a, "client", slices.Concat(access.Scopes, c.Permissions, c.InheritedPermissions)); err != nil {
		return nil, nil, err
	}
	return t, c, nil
}

// Clients lists a tenant's clients by client_id; it needs clients:read.
func (s *Service) Clients(ctx context.Context, a Actor, slug string, q Query) (Page[tenants.Client], error) {
	return listOf(ctx, s, a, "clients:read", slug, "clients", func(c *tenants.Client) string { return c.ID }, s.store.Clients, q)
}

// UpdateClient applies a merge patch to a client, if it still has the version,
// 0 for any. It needs clients:write and every admin scope that the client has
// or gets. client_id and created_at never change; secrets have their own calls.
func (s *Service) UpdateClient(ctx context.Context, a Actor, slug, clientID string, version int64, p Patch) (*tenants.Client, error) {
	return retried(version, func() (*tenants.Client, error) { return s.updateClient(ctx, a, slug, clientID, version, p) })
}

func (s *Service) updateClient(ctx context.Context, a Actor, slug, clientID string, version int64, p Patch) (*tenants.Client, error) {
	t, c, err := s.changeClient(ctx, a, slug, clientID)
	if err != nil {
		return nil, err
	}
	if err := current(c.Version, version, "client"); err != nil {
		return nil, err
	}
	m, err := merge(changeOf(c), &CreatedClient{Client: c}, p, "name", "status", "grant_types", "token_endpoint_auth_method", "assertion_audiences",
		"allow_assertions_without_jti", "apis", "resource_server_for", "allowed_origins")
	if err != nil || len(m.changed) == 0 {
		return c, err
	}
	if err := keepsStandIn(c.AuthMethod, m.value.AuthMethod); err != nil {
		return nil, err
	}
	m.value.applyTo(c)
	if err := s.checkClient(ctx, c); err != nil {
		return nil, err
	}
	// What is not touched stays, even where the API dropped a scope meanwhile.
	if m.changes("apis") {
		if err := s.checkAPIs(ctx, a, c); err != nil {
			return nil, err
		}
	}
	if m.changes("permissions") {
		if err := checkGiven(a, "permissions", c.Permissions); err != nil {
			return nil, err
		}
	}
	if m.changes("jwks_uri") {
		if err := s.checkJWKSURI(c); err != nil {
			return nil, err
		}
	}
	if m.changes("resource_server_for") {
		if err := s.checkResourceServer(ctx, c); err != nil {
			return nil, err
		}
	}
	c.UpdatedAt = s.instant()
	if err := s.store.UpdateClient(ctx, c, s.event(a, t.ID, "client.update", c.ID, m.details())); err != nil {
		return nil, refused(err, "client", "client_id")
	}
	return c, nil
}

// DeleteClient deletes a client with its secrets. It needs clients:write and
// every admin scope that the client has. version is as in UpdateClient.
func (s *Service) DeleteClient(ctx context.Context, a Actor, slug, clientID string, version int64) error {
	t, c, err := s.changeClient(ctx, a, slug, clientID)
	if err != nil {
		return err
	}
	return refused(s.store.DeleteClient(ctx, t.ID, c.ID, version, s.event(a, t.ID, "client.delete", c.ID, nil)), "client", "")
}
