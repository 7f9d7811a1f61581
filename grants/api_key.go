package grants

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/secrets"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// APIKeys finds whom static keys speak for, for every grant and endpoint that
// takes one.
type APIKeys struct {
	directory Directory
	pepper    Pepper
	uses      *KeyUses
	throttle  *Throttle
	now       func() time.Time
}

// NewAPIKeys makes an APIKeys that notes in uses when keys are used.
func NewAPIKeys(directory Directory, pepper Pepper, uses *KeyUses, now func() time.Time) *APIKeys {
	return &APIKeys{directory: directory, pepper: pepper, uses: uses, throttle: NewThrottle(now), now: now}
}

// Find returns the tenant's API key of that text and whom it speaks for. A key
// that is none, has ended, or whose user (or its client, for a service account)
// cannot be used is tenants.ErrNotFound.
func (k *APIKeys) Find(ctx context.Context, tenantID, text string) (*tenants.APIKey, *tenants.User, error) {
	prefix, _, _ := strings.Cut(text, ".")
	if !secrets.Valid(prefix+".", text) {
		return nil, nil, tenants.ErrNotFound
	}
	hash, err := k.pepper.MAC(ctx, tenantID, tenants.APIKeyPurpose, text)
	if err != nil {
		return nil, nil, err
	}
	key, err := k.directory.APIKey(ctx, tenantID, hash)
	if err != nil {
		return nil, nil, err
	}
	now := k.now()
	if key.Expired(now) {
		return nil, nil, tenants.ErrNotFound
	}
	user, err := k.directory.User(ctx, tenantID, key.UserID)
	if err != nil {
		return nil, nil, err
	}
	if user.Status != tenants.Active {
		return nil, nil, tenants.ErrNotFound
	}
	if user.IsServiceAccount() {
		client, err := k.directory.Client(ctx, tenantID, user.ServiceAccountOf)
		if err != nil {
			return nil, nil, err
		}
		if !client.Usable(now) {
			return nil, nil, tenants.ErrNotFound
		}
	}
	k.uses.note(key.ID, now)
	return key, user, nil
}

// APIKey is our own grant by which a static key becomes a token: the key speaks
// for its user, within the key's scopes and life.
type APIKey struct{ Keys *APIKeys }

// Type returns urn:gatehouse:params:oauth:grant-type:api-key.
func (APIKey) Type() string { return oauth.GrantAPIKey }

// Params returns api_key.
func (APIKey) Params() []string { return []string{"api_key"} }

// OpenToPublic says that the key is the proof.
func (APIKey) OpenToPublic() {}

// Authorize answers with the user whom the key speaks for. Its tokens are of one
// grant, which ends with the key.
func (g APIKey) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	text := r.Params["api_key"]
	if text == "" {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "api_key is missing")
	}
	key, user, err := g.Keys.Find(ctx, r.Tenant.ID, text)
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, g.Keys.refused(r)
	}
	if err != nil {
		return nil, err
	}
	subject := &Subject{ID: user.ID, User: user, Scopes: key.Scopes, ScopesOf: "the API key", GrantID: key.ID}
	if key.ExpiresAt != nil {
		subject.Expiry = *key.ExpiresAt
	}
	return subject, nil
}

// refused answers a key that cannot be used, and an address from which too many
// of these come with slow_down. A key that can be used is never made to wait: no
// guess is ever right, and gateways bring the keys of many from one address.
func (k *APIKeys) refused(r *Request) error {
	if wait := k.throttle.Take(byAddress(r.Tenant.ID, asAPIKey, r.Address)); wait > 0 {
		return slowDown(wait, "API keys that cannot be used")
	}
	return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonWrong, "this API key cannot be used")
}
