package adminapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Authenticator tells who presents a bearer token. It answers
// keys.ErrInvalidToken for a token that is not good here, ErrSuspended for one
// of a suspended tenant; other errors mean that it could not be told.
type Authenticator interface {
	Authenticate(ctx context.Context, bearer string) (admin.Actor, error)
}

// ErrSuspended means that the tenant which issued a token is suspended.
var ErrSuspended = errors.New("the tenant is suspended")

// Directory is where a token's tenant, client and user are found;
// *tenants.Directory satisfies it.
type Directory interface {
	ByIssuer(ctx context.Context, issuer string) (*tenants.Tenant, error)
	Client(ctx context.Context, tenantID, clientID string) (*tenants.Client, error)
	Revoked(ctx context.Context, tenantID string, t tenants.IssuedToken) (bool, error)
	User(ctx context.Context, tenantID, userID string) (*tenants.User, error)
}

// Verifier verifies a token of a tenant and returns its claims; *keys.Rings
// satisfies it.
type Verifier interface {
	Verify(ctx context.Context, tenantID, typ, token string) (payload []byte, err error)
}

// TokenAuthenticator takes access tokens that this platform issued to clients
// for the audience urn:gatehouse:admin.
type TokenAuthenticator struct {
	directory Directory
	verifier  Verifier
	now       func() time.Time
}

// NewTokenAuthenticator makes a TokenAuthenticator; now is the platform's clock.
func NewTokenAuthenticator(d Directory, v Verifier, now func() time.Time) *TokenAuthenticator {
	return &TokenAuthenticator{directory: d, verifier: v, now: now}
}

// claims are those of an RFC 9068 access token that count here.
type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	ClientID string   `json:"client_id"`
	Scope    string   `json:"scope"`
	ID       string   `json:"jti"`
	GrantID  string   `json:"grant_id"`
	IssuedAt int64    `json:"iat"`
	// Actor is there where the subject does not ask itself (RFC 8693 section 4.1).
	Actor json.RawMessage `json:"act"`
}

// audience is aud of RFC 7519 section 4.1.3: one string or a list of them.
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// Authenticate returns the client that the token was issued to, or the user whom
// it speaks for. What they may do is what the token says, the client is still
// allowed and, for a user, is still permitted; a token of the operator's tenant
// reaches every tenant.
func (t *TokenAuthenticator) Authenticate(ctx context.Context, bearer string) (admin.Actor, error) {
	tenant, err := t.tenant(ctx, bearer)
	if err != nil {
		return admin.Actor{}, err
	}
	payload, err := t.verifier.Verify(ctx, tenant.ID, oauth.TypeAccessToken, bearer)
	if err != nil {
		return admin.Actor{}, err
	}
	var c claims
	switch err := oauth.DecodeToken(payload, &c); {
	case err != nil:
		return admin.Actor{}, invalid("its claims are not those of an access token")
	case c.Issuer != tenant.Issuer:
		return admin.Actor{}, invalid("its issuer is another one")
	case len(c.Audience) != 1 || c.Audience[0] != oauth.AdminAudience:
		return admin.Actor{}, invalid("its audience is not %s", oauth.AdminAudience)
	case c.ClientID == "" || c.Subject == "":
		return admin.Actor{}, invalid("it does not say whom it was issued to")
	case c.Actor != nil:
		return admin.Actor{}, invalid("it speaks for somebody else than who asks")
	}
	// Only after the signature: who holds no token learns nothing of a tenant.
	if tenant.Status != tenants.Active {
		return admin.Actor{}, ErrSuspended
	}
	actor, err := t.client(ctx, tenant, c)
	if err != nil || c.Subject == c.ClientID {
		return actor, err
	}
	user, err := t.directory.User(ctx, tenant.ID, c.Subject)
	switch {
	case errors.Is(err, tenants.ErrNotFound):
		return admin.Actor{}, invalid("its user was deleted")
	case err != nil:
		return admin.Actor{}, err
	case user.Status != tenants.Active:
		return admin.Actor{}, invalid("its user is disabled")
	case c.IssuedAt < user.CreatedAt.Unix(): // its id belonged to another one then
		return admin.Actor{}, invalid("its user was deleted")
	}
	actor.Name = tenant.UserActor(user.ID)
	actor.Scopes = actor.Scopes.Within(user.EffectivePermissions())
	return actor, nil
}

// tenant returns the tenant that the token names, unproven, as its issuer.
func (t *TokenAuthenticator) tenant(ctx context.Context, bearer string) (*tenants.Tenant, error) {
	parts := strings.Split(bearer, ".")
	if len(parts) != 3 || len(bearer) > keys.MaxTokenBytes {
		return nil, invalid("it is not a JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, invalid("it is not a JWT")
	}
	var unproven struct {
		Issuer string `json:"iss"`
	}
	if err := oauth.DecodeToken(payload, &unproven); err != nil || unproven.Issuer == "" {
		return nil, invalid("it names no issuer")
	}
	tenant, err := t.directory.ByIssuer(ctx, unproven.Issuer)
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, invalid("its issuer is not of this platform")
	}
	return tenant, err
}

// client returns the token's client as an actor, if it is still good.
func (t *TokenAuthenticator) client(ctx context.Context, tenant *tenants.Tenant, c claims) (admin.Actor, error) {
	client, err := t.directory.Client(ctx, tenant.ID, c.ClientID)
	switch {
	case errors.Is(err, tenants.ErrNotFound):
		return admin.Actor{}, invalid("its client was deleted")
	case err != nil:
		return admin.Actor{}, err
	case client.Status != tenants.Active:
		return admin.Actor{}, invalid("its client is disabled")
	case client.ExpiresAt != nil && !t.now().Before(*client.ExpiresAt):
		return admin.Actor{}, invalid("its client has expired")
	}
	gone, err := t.directory.Revoked(ctx, tenant.ID, tenants.IssuedToken{
		ID: c.ID, GrantID: c.GrantID, ClientID: client.ID, Subjects: []string{c.Subject}, At: c.IssuedAt,
	})
	switch {
	case err != nil:
		return admin.Actor{}, err
	case gone:
		return admin.Actor{}, invalid("it was revoked")
	case c.IssuedAt < client.CreatedAt.Unix():
		return admin.Actor{}, invalid("its client was deleted")
	}
	actor := admin.Actor{Name: tenant.ClientActor(client.ID), TenantID: tenant.ID}
	if tenant.IsOperator() {
		actor.TenantID = ""
	}
	access, _ := client.Access(oauth.AdminAudience)
	for scope := range strings.FieldsSeq(c.Scope) {
		if access.Scopes.Has(scope) {
			actor.Scopes = append(actor.Scopes, scope)
		}
	}
	return actor, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", keys.ErrInvalidToken, fmt.Sprintf(format, args...))
}

// actor returns who makes a request (RFC 6750 section 2.1: in the header only).
func (a *api) actor(c *gin.Context) (admin.Actor, error) {
	headers := c.Request.Header.Values("Authorization")
	if len(headers) == 0 {
		return admin.Actor{}, errNoToken()
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimLeft(token, " ") // one space or more (RFC 9110 section 11.4)
	if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " ,") {
		return admin.Actor{}, errBadAuthorization()
	}
	actor, err := a.auth.Authenticate(c.Request.Context(), token)
	if err != nil {
		return admin.Actor{}, err
	}
	call := callOf(c)
	call.actor = actor.Name
	actor.RequestID, actor.Address = call.requestID, call.address
	return actor, nil
}
