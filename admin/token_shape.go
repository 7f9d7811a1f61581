package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// TokenShape is what access tokens look like and carry.
type TokenShape struct {
	// TokenFormat is jwt (RFC 9068) or opaque, random text that only
	// introspection understands. Empty: of an API jwt, of a client as the API says.
	TokenFormat string         `json:"token_format"`
	Claims      tenants.Claims `json:"claims"`
}

// tokenFormats are what access tokens may look like.
func tokenFormats() []string { return []string{tenants.FormatJWT, tenants.FormatOpaque} }

// Bounds of configured claims: what a token carries must fit into a header.
const (
	maxClaims     = 50
	maxClaimBytes = 4 << 10 // of all constants together, as JSON
)

// checkTokenShape holds format, unless it is empty, and claims to what there is.
func checkTokenShape(format string, claims tenants.Claims) error {
	if format != "" {
		if err := checkChoice("token_format", format, tokenFormats()); err != nil {
			return err
		}
	}
	if len(claims) > maxClaims {
		return Errorf(CodeInvalid, "claims", "has %d entries, %d are allowed", len(claims), maxClaims)
	}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		n, err := checkClaim("claims."+name, name, claims[name])
		if err != nil {
			return err
		}
		size += n
	}
	if size > maxClaimBytes {
		return Errorf(CodeInvalid, "claims", "has constants of %d bytes, %d are allowed", size, maxClaimBytes)
	}
	return nil
}

// checkClaim returns how many bytes the claim's constant has.
func checkClaim(field, name string, c tenants.Claim) (size int, err error) {
	if !tenants.SettableClaim(name) {
		return 0, Errorf(CodeInvalid, field, "is decided by this platform and cannot be set: choose another name, best one that begins with a URI of yours")
	}
	if name == tenants.MayAct && !tenants.IsMayAct(c.Value) {
		return 0, Errorf(CodeInvalid, field, "must have a value that is an object with sub, client_id or both, and iss if need be, all strings")
	}
	if name == "" || strings.TrimSpace(name) != name {
		return 0, Errorf(CodeInvalid, field, "must have a name, without space around it")
	}
	if err := checkText(field, name, maxName, ""); err != nil {
		return 0, err
	}
	if (c.Value == nil) == (c.From == "") {
		return 0, Errorf(CodeInvalid, field, "must have a value or say where it comes from: exactly one of value and from")
	}
	if c.From != "" && (!tenants.IsClaimSource(c.From) || len(c.From) > maxName) {
		return 0, Errorf(CodeInvalid, field+".from", "%s is not known here: allowed are %s", quoted(c.From), listed(tenants.ClaimSources()))
	}
	if c.Value == nil {
		return 0, nil
	}
	text, err := json.Marshal(c.Value)
	if err != nil {
		return 0, fmt.Errorf("claim: %w", err)
	}
	return len(text), nil
}
