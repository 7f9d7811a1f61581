package grants

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// target is what a token is good for.
type target struct {
	api      *tenants.API // nil where the audience is the issuer
	audience string
	scopes   oauth.Scopes
}

// target decides audience and scopes together: an audience that is not named
// is the only API on which the client may have all the scopes asked for.
func (s *Service) target(ctx context.Context, r *TokenRequest, client *tenants.Client, subject *Subject) (*target, error) {
	asked, err := oauth.ParseScopes(r.Params["scope"])
	if err != nil {
		return nil, err
	}
	if subject.Decided {
		asked = nil
	}
	needed := asked
	if r.Profile.IgnoreScopes {
		needed = nil
	}
	audience, err := audienceOf(r, client, subject, needed)
	if err != nil {
		return nil, err
	}
	if audience == r.Tenant.Issuer {
		if len(needed) > 0 {
			return nil, oauth.Errorf(oauth.InvalidScope, oauth.ReasonUnknown, "no API of this client knows the scope: %s", asked)
		}
		return &target{audience: audience}, nil
	}
	access, allowed := client.Access(audience)
	if !allowed {
		return nil, oauth.Errorf(oauth.InvalidTarget, oauth.ReasonForbidden, "this client may not have tokens for that audience")
	}
	api, err := s.targetAPI(ctx, r.Tenant, audience, subject)
	if err != nil {
		return nil, err
	}
	if api.Identifier == oauth.AdminAudience && subject.User != nil { // people administer only what they are permitted to
		access.Scopes = access.Scopes.Within(subject.User.EffectivePermissions())
	}
	if subject.Scopes != nil {
		if err := within(asked, subject, access, api); err != nil {
			return nil, err
		}
		access.Scopes = access.Scopes.Within(subject.Scopes)
	}
	scopes, err := granted(asked, access, api, subject.KeepScopes, r.Profile.IgnoreScopes)
	if err != nil {
		return nil, err
	}
	if subject.IssuedTokenType != "" && len(subject.Scopes) > 0 && len(scopes) == 0 {
		return nil, nothingLeft()
	}
	return &target{api: api, audience: api.Identifier, scopes: scopes}, nil // not the request's text, which counts would keep
}

// audienceOf returns the audience that the request names, the one that the subject
// is bound to, or the only one possible; the issuer where there is no API.
func audienceOf(r *TokenRequest, client *tenants.Client, subject *Subject, needed oauth.Scopes) (string, error) {
	audience, err := Audience(r.Params)
	if err != nil {
		return "", err
	}
	if subject.Audience != "" {
		if audience != "" && audience != subject.Audience {
			return "", oauth.Errorf(oauth.InvalidTarget, oauth.ReasonForbidden, "this was granted for another audience")
		}
		audience = subject.Audience
	}
	if audience == "" {
		if audience, err = onlyPossible(client, needed); err != nil {
			return "", err
		}
	}
	return cmp.Or(audience, r.Tenant.Issuer), nil
}

// targetAPI returns the API of that audience, if what the subject stands on may
// reach it.
func (s *Service) targetAPI(ctx context.Context, tenant *tenants.Tenant, audience string, subject *Subject) (*tenants.API, error) {
	if audience == oauth.AdminAudience && subject.Exchanged != nil {
		return nil, oauth.Errorf(oauth.InvalidTarget, oauth.ReasonForbidden, "tokens for %s are not exchanged", oauth.AdminAudience)
	}
	if audience == oauth.AdminAudience && subject.Outside {
		return nil, oauth.Errorf(oauth.InvalidTarget, oauth.ReasonForbidden, "this grant earns no tokens for the admin API")
	}
	api, err := s.directory.API(ctx, tenant.ID, audience)
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, oauth.Errorf(oauth.InvalidTarget, oauth.ReasonUnknown, "there is no such audience")
	}
	if err != nil {
		return nil, err
	}
	if at := subject.GrantedAt; !at.IsZero() && at.Unix() < api.CreatedAt.Unix() {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonUnknown, "the API that this was granted for was deleted")
	}
	return api, nil
}

// within refuses a scope that the client may have, but not by what the subject is
// bounded by, and names that.
func within(asked oauth.Scopes, subject *Subject, access tenants.APIAccess, api *tenants.API) error {
	for _, name := range asked {
		_, known := api.Scope(name)
		if known && access.Scopes.Has(name) && !subject.Scopes.Has(name) && subject.ScopesOf != "" {
			return oauth.Errorf(oauth.InvalidScope, oauth.ReasonForbidden, "this client may have the scope %s, but not by %s", name, subject.ScopesOf)
		}
	}
	return nil
}

// Audience returns the API that a request names by audience or resource (RFC
// 8707 section 2), "" for none. Both may be sent if they agree.
func Audience(p oauth.Params) (string, error) {
	audience, resource := p["audience"], p["resource"]
	if resource != "" {
		u, err := url.Parse(resource)
		if err != nil || !u.IsAbs() || strings.Contains(resource, "#") {
			return "", oauth.Errorf(oauth.InvalidTarget, oauth.ReasonMalformed, "resource must be an absolute URI without a fragment")
		}
		if audience != "" && audience != resource {
			return "", oauth.Errorf(oauth.InvalidTarget, oauth.ReasonConflict, "audience and resource name two different APIs")
		}
		return resource, nil
	}
	return audience, nil
}

// TenantNamed returns the id of the tenant that a request's refresh token or
// device code names, which finds the tenant on the shared host where no audience
// is sent; "" for none. It proves nothing. A device code that names no tenant is
// invalid_grant: none gave it out.
func TenantNamed(p oauth.Params) (string, error) {
	switch code := p["device_code"]; p["grant_type"] {
	case oauth.GrantRefreshToken:
		return tenants.TenantOfHandle(refreshKind, p["refresh_token"]), nil
	case oauth.GrantDeviceCode:
		id := tenants.TenantOfHandle(deviceCodeKind, code)
		if code != "" && id == "" {
			return "", errDeviceCode()
		}
		return id, nil
	}
	return "", nil
}

// onlyPossible returns the client's only API that allows all the scopes, or ""
// for a client without APIs, whose tokens are for the issuer.
func onlyPossible(client *tenants.Client, asked oauth.Scopes) (string, error) {
	if len(client.APIs) == 0 {
		return "", nil
	}
	if len(client.APIs) == 1 {
		return client.APIs[0].Identifier, nil
	}
	var possible []string
	for _, access := range client.APIs {
		if access.Scopes.HasAll(asked) {
			possible = append(possible, access.Identifier)
		}
	}
	if len(possible) == 1 {
		return possible[0], nil
	}
	if len(possible) == 0 {
		return "", oauth.Errorf(oauth.InvalidScope, oauth.ReasonForbidden, "no API allows this client all of these scopes: %s", asked)
	}
	return "", oauth.Errorf(oauth.InvalidTarget, oauth.ReasonMissing, "audience is missing; it may be one of: %s", strings.Join(possible, " "))
}

// granted returns the scopes that the client gets: those asked for, or all
// that it may have, but deprecated ones only if it had them before. One that it
// may not have is refused, or else ignored if another is left.
func granted(asked oauth.Scopes, access tenants.APIAccess, api *tenants.API, keep, ignore bool) (oauth.Scopes, error) {
	if len(asked) == 0 {
		return scopesOf(access, api, keep), nil
	}
	var some oauth.Scopes
	for _, name := range asked {
		if _, known := api.Scope(name); known && access.Scopes.Has(name) {
			some = append(some, name)
		} else if !ignore {
			return nil, oauth.Errorf(oauth.InvalidScope, oauth.ReasonForbidden, "this client may not have the scope %s", name)
		}
	}
	if len(some) == 0 {
		return nil, oauth.Errorf(oauth.InvalidScope, oauth.ReasonForbidden, "this client may have none of these scopes: %s", asked)
	}
	return some, nil
}

// DefaultScopes returns what a client gets that asks for no scopes: all that it
// may have but the deprecated ones.
func DefaultScopes(access tenants.APIAccess, api *tenants.API) oauth.Scopes {
	return scopesOf(access, api, false)
}

func scopesOf(access tenants.APIAccess, api *tenants.API, deprecated bool) oauth.Scopes {
	var all oauth.Scopes
	for _, name := range access.Scopes {
		if scope, known := api.Scope(name); known && (deprecated || !scope.Deprecated) {
			all = append(all, name)
		}
	}
	return all
}
