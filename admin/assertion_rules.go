package admin

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// maxAudiences bounds what a client may name in its assertions beside the issuer.
const maxAudiences = 10

// checkAuthMethod holds a client's method to those there are, its grants to
// those that the method is enough for (public: for none at all), and its assertions to their bounds.
func (s *Service) checkAuthMethod(c *tenants.Client, public []string) error {
	if c.AuthMethod != oauth.AuthDialect { // kept by keepsStandIn
		if err := checkChoice("token_endpoint_auth_method", c.AuthMethod, s.cfg.AuthMethods); err != nil {
			return err
		}
	}
	if c.AuthMethod == oauth.AuthNone {
		for _, grant := range c.GrantTypes {
			if !slices.Contains(public, grant) {
				return Errorf(CodeInvalid, "grant_types", "a client that proves nothing (token_endpoint_auth_method none) cannot have %s: allowed are %s", grant, listed(public))
			}
		}
	}
	if n := c.Assertions.MaxLifetime; n < 0 || n > tenants.MaxAssertionLifetime {
		return Errorf(CodeInvalid, "max_assertion_lifetime", "must be 1 to %d seconds, or null for %d", tenants.MaxAssertionLifetime, tenants.DefaultAssertionLifetime)
	}
	if n := len(c.Audiences); n > maxAudiences {
		return Errorf(CodeInvalid, "assertion_audiences", "has %d entries, %d are allowed", n, maxAudiences)
	}
	for i, audience := range c.Audiences {
		if err := checkAudience("assertion_audiences", audience); err != nil {
			return err
		}
		if slices.Contains(c.Audiences[:i], audience) {
			return Errorf(CodeInvalid, "assertion_audiences", "%s is given twice", quoted(audience))
		}
	}
	return nil
}

// checkAudience holds what stands for a token endpoint to an absolute URL.
func checkAudience(field, audience string) error {
	u, err := url.Parse(audience)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || strings.Contains(audience, "#") || len(audience) > maxName {
		return Errorf(CodeInvalid, field, "%s is not the URL of a token endpoint, such as https://auth.example.com/oauth2/token", quoted(audience))
	}
	return nil
}

// checkJWKSURI holds the place of a client's keys to what may be fetched.
func (s *Service) checkJWKSURI(c *tenants.Client) error {
	if c.JWKSURI == "" {
		return nil
	}
	if err := s.cfg.CheckURL(c.JWKSURI); err != nil {
		return Errorf(CodeInvalid, "jwks_uri", "%v", err)
	}
	return nil
}
