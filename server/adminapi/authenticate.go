package adminapi

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Authenticator tells who presents a bearer token. It answers
// oauth.ErrInvalidToken for a token that is not good here, ErrSuspended for one
// of a suspended tenant; other errors mean that it could not be told.
type Authenticator interface {
	Authenticate(ctx context.Context, bearer string) (admin.Actor, error)
}

// ErrSuspended means that the tenant which issued a token is suspended.
var ErrSuspended = errors.New("the tenant is suspended")

// Directory is where a token's tenant is found; *tenants.Directory satisfies it.
type Directory interface {
	ByIssuer(ctx context.Context, issuer string) (*tenants.Tenant, error)
}

// Judge tells what an access token of a tenant is worth; *grants.Inspector
// satisfies it.
type Judge interface {
	Judge(ctx context.Context, tenant *tenants.Tenant, token string) (*grants.Token, error)
}

// TokenAuthenticator takes access tokens that this platform issued to clients
// for the audience urn:gatehouse:admin.
type TokenAuthenticator struct {
	directory Directory
	judge     Judge
}

// NewTokenAuthenticator makes a TokenAuthenticator.
func NewTokenAuthenticator(d Directory, j Judge) *TokenAuthenticator {
	return &TokenAuthenticator{directory: d, judge: j}
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
	token, err := t.judge.Judge(ctx, tenant, bearer)
	switch {
	case err != nil:
		return admin.Actor{}, err
	case token.Claims["aud"] != oauth.AdminAudience:
		return admin.Actor{}, oauth.InvalidTokenf("its audience is not %s", oauth.AdminAudience)
	case token.Claims["act"] != nil: // RFC 8693 section 4.1
		return admin.Actor{}, oauth.InvalidTokenf("it speaks for somebody else than who asks")
	case tenant.Status != tenants.Active: // only now: who holds no token learns nothing of a tenant
		return admin.Actor{}, ErrSuspended
	}
	actor := admin.Actor{Name: tenant.ClientActor(token.Client.ID), TenantID: tenant.ID, Scopes: token.Scopes()}
	if tenant.IsOperator() {
		actor.TenantID = ""
	}
	switch {
	case token.User != nil:
		actor.Name = tenant.UserActor(token.User.ID)
		actor.Scopes = actor.Scopes.Within(token.User.EffectivePermissions())
	case token.Claims["sub"] != token.Client.ID:
		return admin.Actor{}, oauth.InvalidTokenf("it speaks for another client than it was issued to")
	}
	return actor, nil
}

// tenant returns the tenant that the token names, unproven, as its issuer.
func (t *TokenAuthenticator) tenant(ctx context.Context, bearer string) (*tenants.Tenant, error) {
	parts := strings.Split(bearer, ".")
	if len(parts) != 3 || len(bearer) > keys.MaxTokenBytes {
		return nil, oauth.InvalidTokenf("it is not a JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, oauth.InvalidTokenf("it is not a JWT")
	}
	var unproven struct {
		Issuer string `json:"iss"`
	}
	if err := oauth.DecodeToken(payload, &unproven); err != nil || unproven.Issuer == "" {
		return nil, oauth.InvalidTokenf("it names no issuer")
	}
	tenant, err := t.directory.ByIssuer(ctx, unproven.Issuer)
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, oauth.InvalidTokenf("its issuer is not of this platform")
	}
	return tenant, err
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
