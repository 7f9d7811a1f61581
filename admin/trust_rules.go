package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Bounds of what a trusted issuer is made of.
const (
	maxRules   = 100
	maxPattern = 500 // characters
)

// checkTrustedIssuer holds the iss of a trusted issuer's assertions to an absolute URI
// that is not the tenant's own.
func checkTrustedIssuer(tenant *tenants.Tenant, issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || !u.IsAbs() || strings.ContainsAny(issuer, "# "):
		return Errorf(CodeInvalid, "issuer", "must be an absolute URI without a fragment, as it stands in the iss of its assertions")
	case issuer == tenant.Issuer:
		return Errorf(CodeInvalid, "issuer", "is this tenant itself")
	}
	return checkText("issuer", issuer, maxPattern, "")
}

// checkTrust holds a trusted issuer to its rules. fetched tells that its
// jwks_uri is a new one.
func (s *Service) checkTrust(ctx context.Context, a Actor, t *tenants.TrustedIssuer, fetched bool) error {
	if err := checkName("name", t.Name); err != nil {
		return err
	}
	if err := checkChoice("status", string(t.Status), []string{string(tenants.Active), string(tenants.Disabled)}); err != nil {
		return err
	}
	if (t.JWKSURI == "") == (t.JWKS == nil) {
		return Errorf(CodeInvalid, "jwks_uri", "give one of jwks_uri and jwks: where its keys are, or the keys themselves")
	}
	if t.JWKSURI != "" && fetched {
		if err := s.cfg.CheckURL(t.JWKSURI); err != nil {
			return Errorf(CodeInvalid, "jwks_uri", "%v", err)
		}
	}
	if err := checkJWKS(t); err != nil {
		return err
	}
	if err := checkChoices("signing_algs", t.SigningAlgs, assertion.Algs()); err != nil {
		return err
	}
	if n := t.MaxLifetime; n < 0 || n > tenants.MaxTrustedLifetime {
		return Errorf(CodeInvalid, "max_assertion_lifetime", "must be 1 to %d seconds, or null for %d", tenants.MaxTrustedLifetime, tenants.DefaultTrustedLifetime)
	}
	if n := len(t.Audiences); n > maxAudiences {
		return Errorf(CodeInvalid, "audiences", "has %d entries, %d are allowed", n, maxAudiences)
	}
	for i, audience := range t.Audiences {
		if err := checkPatternText(fmt.Sprintf("audiences[%d]", i), audience); err != nil {
			return err
		}
	}
	return s.checkRules(ctx, a, t)
}

// checkJWKS holds given keys to public ones that can verify, each of them.
func checkJWKS(t *tenants.TrustedIssuer) error {
	if t.JWKS == nil {
		return nil
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(t.JWKS, &set) != nil || len(set.Keys) == 0 || len(set.Keys) > maxKeys {
		return Errorf(CodeInvalid, "jwks", `must be a JWKS, {"keys":[...]}, of 1 to %d keys`, maxKeys)
	}
	kept := make([]json.RawMessage, len(set.Keys))
	for i, data := range set.Keys {
		key, err := assertion.ImportJWK(data, "")
		if err != nil {
			return Errorf(CodeInvalid, fmt.Sprintf("jwks.keys[%d]", i), "%v", err)
		}
		if kept[i], err = key.JWK(); err != nil {
			return err
		}
	}
	var err error
	t.JWKS, err = json.Marshal(map[string]any{"keys": kept})
	return err
}

// checkRules holds rules to clients and users that there are and that the actor
// may give away.
func (s *Service) checkRules(ctx context.Context, a Actor, t *tenants.TrustedIssuer) error {
	if n := len(t.Rules); n > maxRules {
		return Errorf(CodeInvalid, "rules", "has %d entries, %d are allowed", n, maxRules)
	}
	for i := range t.Rules {
		field := fmt.Sprintf("rules[%d]", i)
		if err := checkConditions(field, &t.Rules[i]); err != nil {
			return err
		}
		if err := s.checkRuleClient(ctx, a, t.TenantID, field, t.Rules[i].ClientID); err != nil {
			return err
		}
		if err := s.checkRuleUser(ctx, a, t.TenantID, field, t.Rules[i].UserID); err != nil {
			return err
		}
	}
	return nil
}

func checkConditions(field string, rule *tenants.TrustRule) error {
	if err := checkPattern(field+".subject", rule.Subject); err != nil {
		return err
	}
	if err := checkCount(field+".claims", len(rule.Claims)); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(rule.Claims)) {
		if err := checkPatternText(field+".claims", name); err != nil {
			return err
		}
		patterns := rule.Claims[name]
		if len(patterns) == 0 {
			return Errorf(CodeInvalid, field+".claims."+name, "must have at least one text to match")
		}
		if err := checkCount(field+".claims."+name, len(patterns)); err != nil {
			return err
		}
		for _, pattern := range patterns {
			if err := checkPattern(field+".claims."+name, pattern); err != nil {
				return err
			}
		}
	}
	if err := checkCount(field+".scopes", len(rule.Scopes)); err != nil {
		return err
	}
	for _, scope := range rule.Scopes {
		if !oauth.ValidScope(scope) {
			return Errorf(CodeInvalid, field+".scopes", "%s is no scope", quoted(scope))
		}
	}
	return nil
}

// checkPattern refuses what would match more than it seems to.
func checkPattern(field, pattern string) error {
	if strings.Contains(pattern, "*") && (!tenants.IsPrefixPattern(pattern) || strings.Count(pattern, "*") > 1) {
		return Errorf(CodeInvalid, field, "%s: a * may only stand at the end, after a : or / that closes what comes before", quoted(pattern))
	}
	return checkPatternText(field, pattern)
}

func checkPatternText(field, text string) error {
	if text == "" {
		return Errorf(CodeInvalid, field, "must be given")
	}
	return checkText(field, text, maxPattern, "")
}

// checkRuleClient refuses a client that is not there, and one with admin scopes
// that the actor does not have: the workload would lend them to it.
func (s *Service) checkRuleClient(ctx context.Context, a Actor, tenantID, field, clientID string) error {
	c, err := s.store.Client(ctx, tenantID, clientID)
	if errors.Is(err, tenants.ErrNotFound) {
		return Errorf(CodeInvalid, field+".client_id", "the tenant has no client %s", quoted(clientID))
	}
	if err != nil {
		return err
	}
	if access, _ := c.Access(oauth.AdminAudience); !a.Scopes.HasAll(access.Scopes) {
		return Errorf(CodeForbidden, field+".client_id", "the client has admin scopes that you do not have: %s", missing(access.Scopes, a.Scopes))
	}
	return nil
}

// checkRuleUser is checkRuleClient for the user that a token speaks for.
func (s *Service) checkRuleUser(ctx context.Context, a Actor, tenantID, field, userID string) error {
	if userID == "" {
		return nil
	}
	if err := a.need("users:write"); err != nil {
		return err
	}
	u, err := s.store.User(ctx, tenantID, userID)
	if errors.Is(err, tenants.ErrNotFound) || err == nil && u.ServiceAccountOf != "" {
		return Errorf(CodeInvalid, field+".user_id", "the tenant has no user %s; a token for the client itself needs none", quoted(userID))
	}
	if err != nil {
		return err
	}
	if has := adminScopesIn(u.EffectivePermissions()); !a.Scopes.HasAll(has) {
		return Errorf(CodeForbidden, field+".user_id", "the user has admin scopes that you do not have: %s", missing(has, a.Scopes))
	}
	return nil
}
