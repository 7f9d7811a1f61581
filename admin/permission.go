package admin

import (
	"slices"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// maxPermission bounds the name of a permission, in characters.
const maxPermission = 100

// checkPermissions holds each of some permissions to the form of a scope-token
// (RFC 6749 section 3.3) and to one mention.
func checkPermissions(field string, permissions []string) error {
	if err := checkCount(field, len(permissions)); err != nil {
		return err
	}
	for i, permission := range permissions {
		if !oauth.ValidScope(permission) || len(permission) > maxPermission {
			return Errorf(CodeInvalid, field, "%s is no permission: 1 to %d visible ASCII characters without quotes, backslashes and spaces", quoted(permission), maxPermission)
		}
		if slices.Contains(permissions[:i], permission) {
			return Errorf(CodeInvalid, field, "%s is given twice", quoted(permission))
		}
	}
	return nil
}

// checkOptionalPermission is checkPermissions for one, or none where it is empty.
func checkOptionalPermission(field, permission string) error {
	if permission == "" {
		return nil
	}
	return checkPermissions(field, []string{permission})
}

// adminScopesIn returns those of some permissions that are admin scopes: people
// get admin scopes by permissions of the same names.
func adminScopesIn(permissions []string) oauth.Scopes {
	return oauth.Scopes(permissions).Within(AllScopes())
}

// checkHeld answers forbidden for a thing that has admin scopes among its
// permissions which the actor does not have: it may not change the thing.
func checkHeld(a Actor, thing string, permissions []string) error {
	has := adminScopesIn(permissions)
	if a.Scopes.HasAll(has) {
		return nil
	}
	return Errorf(CodeForbidden, "", "the %s has admin scopes that you do not have (%s): only who has them may change it", thing, missing(has, a.Scopes))
}

// checkGiven answers forbidden for permissions that are admin scopes which the
// actor does not have itself.
func checkGiven(a Actor, field string, permissions []string) error {
	given := adminScopesIn(permissions)
	if a.Scopes.HasAll(given) {
		return nil
	}
	return Errorf(CodeForbidden, field, "you can give only admin scopes that you have, and lack %s", missing(given, a.Scopes))
}
