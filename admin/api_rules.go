package admin

import (
	"net/url"
	"strings"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// checkIdentifier holds an API's identifier to an absolute URI without a
// fragment (RFC 8707 section 2), or a plain name as systems in use have.
func checkIdentifier(identifier string) error {
	if strings.EqualFold(identifier, oauth.AdminAudience) {
		return Errorf(CodeInvalid, "identifier", "%s is reserved", oauth.AdminAudience)
	}
	if err := checkNoID("identifier", identifier); err != nil {
		return err
	}
	if only(identifier, "._:/~-", 1, 200) {
		return nil
	}
	u, err := url.Parse(identifier)
	if err != nil || len(identifier) > 200 || !u.IsAbs() || strings.Contains(identifier, "#") || !isURIText(identifier) {
		return Errorf(CodeInvalid, "identifier", "must be an absolute URI without a fragment, or a name of A-Z a-z 0-9 . _ : / ~ -, 1 to 200 characters long")
	}
	return nil
}

// isURIText reports whether text holds only the characters of a URI (RFC 3986
// section 2).
func isURIText(text string) bool {
	return only(text, "-._~:/?#[]@!$&'()*+,;=%", 1, len(text))
}

func checkAPI(api *tenants.API) error {
	if err := checkName("name", api.Name); err != nil {
		return err
	}
	if err := checkOptionalPermission("required_permission", api.RequiredPermission); err != nil {
		return err
	}
	if err := checkScopes(api.Scopes); err != nil {
		return err
	}
	if api.TokenFormat == "" {
		api.TokenFormat = tenants.FormatJWT
	}
	if err := checkTokenShape(api.TokenFormat, api.Claims); err != nil {
		return err
	}
	if api.SigningAlg != "" {
		if err := checkChoice("signing_alg", api.SigningAlg, keys.Algs()); err != nil {
			return err
		}
	}
	return checkLifetime(api.Lifetime)
}

func checkScopes(scopes []tenants.Scope) error {
	if err := checkCount("scopes", len(scopes)); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, scope := range scopes {
		switch {
		case !oauth.ValidScope(scope.Name) || len(scope.Name) > maxName:
			return Errorf(CodeInvalid, "scopes", `the name %s must be 1 to %d visible ASCII characters without space, " and \ (RFC 6749 section 3.3)`, quoted(scope.Name), maxName)
		case seen[scope.Name]:
			return Errorf(CodeInvalid, "scopes", "%s is given twice", quoted(scope.Name))
		}
		seen[scope.Name] = true
		if err := checkDescription("scopes", scope.Description); err != nil {
			return err
		}
	}
	return nil
}
