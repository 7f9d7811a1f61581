package grants

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/secrets"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// RefreshPattern is the regular expression of refresh tokens, for secret
// scanners: the tenant's id, 256 random bits and a checksum.
const RefreshPattern = `gatehouse_rt_[0-9a-f]{32}_[0-9A-Za-z]{49}`

const refreshKind = "gatehouse_rt_"

// RefreshStore keeps refresh tokens. It answers tenants.ErrNotFound.
type RefreshStore interface {
	// RefreshToken returns a token with its family, also one that was used.
	RefreshToken(ctx context.Context, tenantID string, hash []byte) (*tenants.FoundRefreshToken, error)
	// SpendRefreshToken uses a token, exactly once: the one winner gets nil, those
	// within the grace what the winner has sealed. Any other use revokes the
	// family and is tenants.ErrReused.
	SpendRefreshToken(ctx context.Context, u tenants.RefreshUse) (sealed []byte, err error)
	// RefreshFamily returns a family, also one that has ended.
	RefreshFamily(ctx context.Context, tenantID, id string) (*tenants.FoundFamily, error)
	// RenewInFamily stores what is given out in a family that has not ended.
	RenewInFamily(ctx context.Context, tenantID, id string, at time.Time, i tenants.Issue) error
	// RevokeRefreshFamily ends a family, if that has not been done before.
	RevokeRefreshFamily(ctx context.Context, f *tenants.RefreshFamily, e tenants.AuditEvent) error
}

// RefreshTokens starts families of refresh tokens, and follows them.
type RefreshTokens struct {
	store     RefreshStore
	directory Directory
	pepper    Pepper
	now       func() time.Time
}

// NewRefreshTokens makes a RefreshTokens.
func NewRefreshTokens(store RefreshStore, directory Directory, pepper Pepper, now func() time.Time) *RefreshTokens {
	return &RefreshTokens{store: store, directory: directory, pepper: pepper, now: now}
}

func isRefreshToken(tenantID, text string) bool {
	return secrets.Valid(tenants.HandlePrefix(refreshKind, tenantID), text)
}

// find returns the client's refresh token of that text. One of another client is
// answered as one that does not exist, and stays as it is.
func (t *RefreshTokens) find(ctx context.Context, tenant *tenants.Tenant, client *tenants.Client, text string) (*tenants.FoundRefreshToken, error) {
	if !isRefreshToken(tenant.ID, text) {
		return nil, refreshRefused(oauth.ReasonMalformed)
	}
	hash, err := t.hash(ctx, tenant.ID, text)
	if err != nil {
		return nil, err
	}
	token, err := t.store.RefreshToken(ctx, tenant.ID, hash)
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, refreshRefused(oauth.ReasonUnknown)
	}
	if err != nil {
		return nil, err
	}
	if token.Family.ClientID != client.ID {
		return nil, refreshRefused(oauth.ReasonWrong)
	}
	return token, nil
}

// usable answers invalid_grant unless the token may be used now.
func (t *RefreshTokens) usable(ctx context.Context, r *Request, token *tenants.FoundRefreshToken) error {
	now, bounds := t.now(), tenants.RefreshBoundsOf(r.Tenant, r.Client)
	if !token.Live(now) {
		return refreshRefused(oauth.ReasonExpired)
	}
	if token.Reused(now, bounds.Grace) {
		if err := t.end(ctx, r, &token.Family, reuse); err != nil {
			return err
		}
		return refreshReused()
	}
	if !now.Before(familyEnd(&token.Family, bounds)) || !now.Before(token.CreatedAt.Add(bounds.Idle)) {
		return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonExpired, "the refresh token has expired")
	}
	return nil
}

// owner returns the user whom a family of the client's is of. It is invalid_grant where
// that is another one now, or the client may no longer do what earned the family.
func (t *RefreshTokens) owner(ctx context.Context, tenantID string, client *tenants.Client, f *tenants.RefreshFamily) (*tenants.User, error) {
	user, err := t.directory.User(ctx, tenantID, f.UserID)
	if errors.Is(err, tenants.ErrNotFound) || err == nil && f.Before(user, client) {
		return nil, refreshRefused(oauth.ReasonUnknown)
	}
	if err != nil {
		return nil, err
	}
	if !client.AllowsGrant(f.GrantType) {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonForbidden, "the client may no longer use the grant %s, which earned the refresh token", f.GrantType)
	}
	return user, nil
}

// familyEnd returns when a family ends for good. Settings that were made stricter hold
// for what was issued before, too.
func familyEnd(f *tenants.RefreshFamily, bounds tenants.RefreshBounds) time.Time {
	return earlier(f.ExpiresAt, f.CreatedAt.Add(bounds.Total))
}

// reuse is the action of the audit event that tells of a token's second use.
const reuse = "refresh_token.reuse"

func refreshReused() error {
	return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonDuplicate, "the refresh token was used before, and all that came of it is revoked")
}

// end revokes a family at the request of its client.
func (t *RefreshTokens) end(ctx context.Context, r *Request, f *tenants.RefreshFamily, action string) error {
	return t.store.RevokeRefreshFamily(ctx, f, t.event(action, f, t.now(), r.Tenant, r.RequestID, r.Address))
}

func (t *RefreshTokens) event(action string, f *tenants.RefreshFamily, at time.Time, tenant *tenants.Tenant, requestID, address string) tenants.AuditEvent {
	return tenants.AuditEvent{
		ID: uuid.Must(uuid.NewV7()).String(), TenantID: f.TenantID, At: at, Actor: tenant.ClientActor(f.ClientID),
		Action: action, Target: f.UserID, Details: map[string]any{"grant_id": f.ID, "audience": f.Audience},
		RequestID: requestID, Address: address,
	}
}

// start adds a refresh token to what is about to leave, the first of a family.
func (t *RefreshTokens) start(ctx context.Context, i *Issued) error {
	text := secrets.New(tenants.HandlePrefix(refreshKind, i.Tenant.ID))
	hash, err := t.hash(ctx, i.Tenant.ID, text)
	if err != nil {
		return err
	}
	i.startFamily()
	i.RefreshToken = text
	i.Refresh.Token = tenants.RefreshToken{TenantID: i.Tenant.ID, Hash: hash, FamilyID: i.GrantID, CreatedAt: i.At}
	return nil
}

// startFamily puts what is about to leave into a new family, which has no refresh
// token yet, and which the access token does not outlive.
func (i *Issued) startFamily() {
	expiry := i.At.Add(tenants.RefreshBoundsOf(i.Tenant, i.Client).Total)
	if bound := i.Subject.Expiry; !bound.IsZero() {
		expiry = earlier(expiry, bound)
	}
	i.Expiry = earlier(i.Expiry, expiry)
	i.GrantID = uuid.Must(uuid.NewV7()).String()
	i.Refresh = &tenants.RefreshStart{Family: tenants.RefreshFamily{
		ID: i.GrantID, TenantID: i.Tenant.ID, ClientID: i.Client.ID, UserID: i.Subject.User.ID, GrantType: i.GrantType,
		Audience: i.Audience, Scopes: i.Scopes, Claims: i.Subject.Claims, CreatedAt: i.At, ExpiresAt: expiry,
		Epoch: i.Subject.User.Epoch, SessionID: i.Subject.SessionID,
	}}
}

// spend uses a token and adds its successor to what is about to leave.
func (t *RefreshTokens) spend(ctx context.Context, i *Issued, token *tenants.FoundRefreshToken, text string) error {
	next := secrets.New(tenants.HandlePrefix(refreshKind, i.Tenant.ID))
	hash, err := t.hash(ctx, i.Tenant.ID, next)
	if err != nil {
		return err
	}
	sealed, err := sealSuccessor(text, next, token.Hash)
	if err != nil {
		return err
	}
	kept, err := t.store.SpendRefreshToken(ctx, tenants.RefreshUse{
		TenantID: i.Tenant.ID, Hash: token.Hash, Next: tenants.RefreshToken{Hash: hash, CreatedAt: i.At, Sealed: sealed},
		At: i.At, Grace: tenants.RefreshBoundsOf(i.Tenant, i.Client).Grace, Issue: i.Issue(),
		Reuse: t.event(reuse, &token.Family, i.At, i.Tenant, i.RequestID, i.Address),
	})
	switch {
	case errors.Is(err, tenants.ErrReused):
		return refreshReused()
	case errors.Is(err, tenants.ErrNotFound): // revoked while it was judged
		return refreshRefused(oauth.ReasonExpired)
	case err != nil:
		return err
	case kept != nil:
		next, err = openSuccessor(text, kept, token.Hash)
	}
	i.RefreshToken = next
	return err
}

func (t *RefreshTokens) hash(ctx context.Context, tenantID, text string) ([]byte, error) {
	return t.pepper.MAC(ctx, tenantID, tenants.RefreshTokenPurpose, text)
}
