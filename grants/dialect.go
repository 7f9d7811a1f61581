package grants

import (
	"cmp"
	"context"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// StandIn is the authentication of the clients that stand behind endpoints
// which name none: the dialect says who asks, never the request.
type StandIn struct{}

// Methods returns dialect.
func (StandIn) Methods() []string { return []string{oauth.AuthDialect} }

// Authenticate accepts: credentials of this method come from a dialect's spec
// only, and only a client that was made for it has the method.
func (StandIn) Authenticate(context.Context, *Proof) error { return nil }

// OpenToDialects is a Grant that endpoints which name no client may serve, beside
// those that are OpenToPublic: what it takes was given out by such an endpoint.
type OpenToDialects interface{ OpenToDialects() }

// OpenToDialects says that the subject token is the proof: it was issued to the
// client that stands in.
func (TokenExchange) OpenToDialects() {}

// setting returns the tenant's value for a dialect, or what stands for it.
func setting(t *tenants.Tenant, dialect, name, fallback string) string {
	if value := t.DialectSettings[dialect][name]; value != "" {
		return value
	}
	return tenantValue(t, fallback)
}

func tenantValue(t *tenants.Tenant, name string) string {
	switch name {
	case "tenant.id":
		return t.ID
	case "tenant.slug":
		return t.Slug
	case "tenant.name":
		return t.Name
	case "tenant.issuer":
		return t.Issuer
	}
	return ""
}

// expected answers invalid_target for a request that states something about its
// tenant which is not so.
func expected(r *TokenRequest) error {
	for _, e := range r.Profile.Expected {
		if e.Value != setting(r.Tenant, r.Profile.Dialect, e.Setting, e.Fallback) {
			return oauth.Errorf(oauth.InvalidTarget, oauth.ReasonConflict, "%s is not this tenant's", e.Param)
		}
	}
	return nil
}

// dialectClaims returns further with the claims that the dialect adds.
func dialectClaims(p oauth.Profile, i *Issued, c *claims, further map[string]any) map[string]any {
	all := make(map[string]any, len(p.Claims)+len(further))
	for name, value := range further {
		all[name] = value
	}
	for _, rule := range p.Claims {
		if _, said := i.Subject.Claims[rule.Name]; said { // by the grant, which knows better
			continue
		}
		if value := claimValue(rule, p, i, c); value != nil && value != "" {
			all[rule.Name] = value
		}
	}
	return all
}

func claimValue(rule oauth.ClaimRule, p oauth.Profile, i *Issued, c *claims) any {
	if rule.From == "" {
		return asList(rule, rule.Text)
	}
	switch rule.From {
	case "exp":
		return c.Expiry
	case "iat":
		return c.IssuedAt
	case "nbf":
		return c.NotUntil
	}
	if name, ok := strings.CutPrefix(rule.From, "setting."); ok {
		return asList(rule, setting(i.Tenant, p.Dialect, name, rule.Fallback))
	}
	if strings.HasPrefix(rule.From, "user.") {
		return userValue(i.Subject.User, strings.TrimPrefix(rule.From, "user."))
	}
	text := map[string]string{
		"iss": c.Issuer, "sub": c.Subject, "aud": c.Audience, "jti": c.ID, "client_id": c.ClientID, "scope": c.Scope,
		"grant_type": cmp.Or(p.SentGrantType, i.GrantType), "client.name": i.Client.Name,
	}[rule.From]
	if text == "" {
		text = tenantValue(i.Tenant, rule.From)
	}
	return asList(rule, text)
}

func asList(rule oauth.ClaimRule, text string) any {
	if rule.List && text != "" {
		return strings.Fields(text)
	}
	return text
}

// userValue returns what is known of a user under a name, nil for nothing.
func userValue(u *tenants.User, name string) any {
	if u == nil {
		return nil
	}
	switch name {
	case "id":
		return u.ID
	case "username":
		return u.Username
	case "name":
		return u.Name
	case "email":
		return u.Email
	}
	field, _ := strings.CutPrefix(name, "profile.")
	return u.ProfileField(field)
}
