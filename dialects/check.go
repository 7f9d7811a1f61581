package dialects

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// longest is the life of an access token that nothing may exceed, in seconds.
const longest = int(oauth.MaxTokenLife / time.Second)

// vocabulary is what specs may say.
type vocabulary struct {
	operations map[Operation][]string // the values that each one's answer may hold
	params     []string
	secrets    []string // parameters that are secret
}

// words returns the closed vocabulary of specs.
func words() vocabulary {
	people := []string{"id", "username", "name", "email", "profile.*"}
	return vocabulary{
		operations: map[Operation][]string{
			Token:               {"access_token", "token_type", "expires_in", "expires_at", "scope", "refresh_token", "issued_token_type"},
			DeviceAuthorization: {"device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"},
			SessionProof:        nil, Introspect: nil, Revoke: nil, JWKS: nil, Metadata: nil, KeySchedule: nil, Authorize: nil,
			Impersonatees: append(people, "reason_required"), Profile: people,
			SignIn: nil, APIKeyCreate: {"api_key", "name", "prefix"},
		},
		params: []string{
			"grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "audience", "resource",
			"username", "password", "refresh_token", "device_code", "code", "code_verifier", "redirect_uri", "response_type", "state",
			"code_challenge", "code_challenge_method", "subject_token", "subject_token_type", "actor_token", "actor_token_type",
			"requested_token_type", "requested_subject", "assertion", "token", "token_type_hint", "session", "session_proof", "name", "prefix", "description",
			"page_size", "page_token", "q", "reason",
			"expires_in", // seconds that the token shall live
		},
		secrets: []string{
			"client_secret", "client_assertion", "password", "refresh_token", "device_code", "code", "subject_token", "actor_token",
			"assertion", "token", "session", "session_proof",
		},
	}
}

// Operations returns what a server answers, sorted.
func Operations() []Operation {
	var all []Operation
	for operation := range words().operations {
		if !operation.Reserved() {
			all = append(all, operation)
		}
	}
	slices.Sort(all)
	return all
}

// Reserved reports whether a spec may name the operation although no server
// answers it: such a route is as if it were not there.
func (o Operation) Reserved() bool { return o == Authorize }

// check notes every mistake of a linked spec.
func (s *Spec) check(d *document) {
	if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(s.Name) || len(s.Name) > 63 {
		d.fault("name", "must be 1 to 63 of a-z, 0-9 and single hyphens between them")
	}
	s.checkLifetime(d, "lifetime", s.Lifetime)
	checkGrants(d, "grants", s.Grants)
	if s.Client != nil {
		checkGrants(d, "client.grants", s.Client.Grants)
	}
	if s.Client != nil && len(s.Client.Grants) == 0 {
		d.fault("client.grants", "a client that stands behind routes needs the grants that these use")
	}
	if s.Client != nil {
		for _, grant := range []string{oauth.GrantClientCredentials, oauth.GrantUserAndClient} {
			if slices.Contains(s.Client.Grants, grant) {
				d.fault("client.grants", "%s needs a client that proves who it is, and nothing proves who asks here", grant)
			}
		}
	}
	for i, setting := range s.Settings {
		path := fmt.Sprintf("settings[%d]", i)
		if !regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`).MatchString(setting.Name) {
			d.fault(path+".name", "must begin with a-z and hold a-z, 0-9 and _ only")
		}
		oneOf(d, path+".default", setting.Default, append([]string{""}, tenantValues()...))
	}
	for i, claim := range s.Claims {
		s.checkClaim(d, fmt.Sprintf("claims[%d]", i), claim)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		if !validHeader(name, s.Headers[name]) {
			d.fault("headers", "%s is not a header that a spec may set", name)
		}
	}
	oneOf(d, "unavailable_scopes", s.UnavailableScopes, []string{"", "refuse", "ignore"})
	oneOf(d, "opaque_tokens", s.OpaqueTokens, []string{"", "uuid"})
	s.checkErrors(d, "errors.rules", s.Errors.Rules)
	oneOf(d, "errors.form", s.Errors.Form, errorForms())
	if len(s.Routes) == 0 {
		d.fault("routes", "a spec needs at least one")
	}
	for i, r := range s.Routes {
		path := fmt.Sprintf("routes[%d]", i)
		if r == nil {
			d.fault(path, "is empty")
			continue
		}
		r.checkNext(d, path)
		r.check(d, path)
	}
}

func (s *Spec) checkLifetime(d *document, path string, l Lifetime) {
	if l.Default < 0 || l.Default > longest {
		d.fault(path+".default", "must be 1 to %d seconds", longest)
	}
	if l.Max < 0 || l.Max > longest {
		d.fault(path+".max", "must be 1 to %d seconds", longest)
	}
	if l.Max > 0 && l.Default > l.Max {
		d.fault(path+".default", "must not exceed max")
	}
	oneOf(d, path+".above", l.Above, []string{"", "cap", "refuse"})
}

// checkGrants notes grant types that no server can have: other programs may add
// some, by URIs of their own.
func checkGrants(d *document, path string, grants []string) {
	if grants != nil && len(grants) == 0 {
		d.fault(path, "is empty: leave it out for all, or name those that are served")
	}
	for i, grant := range grants {
		at := fmt.Sprintf("%s[%d]", path, i)
		u, err := url.Parse(grant)
		own := err == nil && u.IsAbs() && !strings.HasPrefix(grant, "urn:ietf:") && !strings.HasPrefix(grant, "urn:gatehouse:")
		if !own {
			oneOf(d, at, grant, oauth.Grants())
		}
	}
}

func tenantValues() []string {
	return []string{"tenant.id", "tenant.slug", "tenant.name", "tenant.issuer"}
}

func (s *Spec) checkClaim(d *document, path string, c Claim) {
	asList := c.Name == "scope" && c.From == "scope" && c.As == FormList
	since := c.Name == "auth_time" && c.From == "iat" // what a grant says of it comes before
	switch {
	case c.Name == "":
		d.fault(path+".name", "is missing")
	case oauth.ReservedClaim(c.Name) && !asList && !since:
		d.fault(path+".name", "%s is decided by the service; a spec may only write scope as a list, and auth_time from iat", c.Name)
	}
	if (c.Text == "") == (c.From == "") {
		d.fault(path, "needs text or from, one of the two")
	}
	oneOf(d, path+".as", c.As, []Form{"", FormList})
	if c.From == "" {
		return
	}
	if setting, ok := strings.CutPrefix(c.From, "setting."); ok {
		s.checkSetting(d, path+".from", setting)
		return
	}
	if field, ok := strings.CutPrefix(c.From, "user.profile."); ok && field != "" {
		return
	}
	oneOf(d, path+".from", c.From, append(tenantValues(), "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "grant_type",
		"client.name", "user.id", "user.username", "user.name", "user.email", "user.profile.FIELD", "setting.NAME"))
}

func (s *Spec) checkSetting(d *document, path, name string) {
	if !slices.ContainsFunc(s.Settings, func(have Setting) bool { return have.Name == name }) {
		d.fault(path, "there is no setting %s in this spec", name)
	}
}

func errorForms() []ErrorForm { return []ErrorForm{"", ErrorOAuth, ErrorCode, ErrorText, ErrorEmpty} }

func (s *Spec) checkErrors(d *document, path string, rules []ErrorRule) {
	for i, rule := range rules {
		at := fmt.Sprintf("%s[%d]", path, i)
		oneOf(d, at+".code", rule.Code, oauth.Codes())
		oneOf(d, at+".reason", rule.Reason, append([]oauth.Reason{""}, oauth.Reasons()...))
		oneOf(d, at+".form", rule.Form, errorForms())
		if rule.Status != 0 && (rule.Status < 400 || rule.Status > 599) {
			d.fault(at+".status", "must be 400 to 599, as it answers an error")
		}
		if rule.Description != nil && !printable(*rule.Description) {
			d.fault(at+".description", "must be printable ASCII without \" and \\ (RFC 6749 section 5.2)")
		}
	}
}

// oneOf notes a value that is not in a closed list.
func oneOf[T ~string](d *document, path string, value T, allowed []T) {
	if slices.Contains(allowed, value) {
		return
	}
	names := make([]string, 0, len(allowed))
	for _, one := range allowed {
		if one != "" {
			names = append(names, string(one))
		}
	}
	if value == "" {
		d.fault(path, "is missing: it may be one of %s", strings.Join(names, ", "))
		return
	}
	d.fault(path, "%q is not known: it may be one of %s", string(value), strings.Join(names, ", "))
}

func printable(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// validHeader reports whether a spec may set the header: none that says how a
// browser treats the answer, or how long it is.
func validHeader(name, value string) bool {
	lower := strings.ToLower(name)
	known := strings.HasPrefix(lower, "x-") && lower != "x-request-id" && lower != "x-content-type-options" && lower != "x-frame-options"
	return known && regexp.MustCompile(`^[A-Za-z0-9-]+$`).MatchString(name) && regexp.MustCompile(`^[ -~]*$`).MatchString(value)
}
