package grants

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// TypeGrantAssertion is the typ of assertions that are authorization grants
// (draft rfc7523bis); "JWT" or none will do too.
const TypeGrantAssertion = "authorization-grant+jwt"

// TrustedIssuers says whom a tenant trusts; tenants.Directory is one.
type TrustedIssuers interface {
	TrustedIssuer(ctx context.Context, tenantID, issuer string) (*tenants.TrustedIssuer, error)
	User(ctx context.Context, tenantID, userID string) (*tenants.User, error)
}

// AssertionLog remembers which assertions earned tokens.
type AssertionLog interface {
	SpentAssertions
	// RecordIssue stores what must be there before a token leaves.
	RecordIssue(ctx context.Context, i tenants.Issue) error
}

// JWTBearer is the grant of RFC 7523 section 2.1: an assertion of an issuer that
// the tenant trusts earns a token by that issuer's rules. Workloads get tokens
// so without any stored secret, and the assertion is all the proof that a
// public client needs.
type JWTBearer struct {
	Issuers TrustedIssuers
	Keysets Keysets
	Log     AssertionLog
	Now     func() time.Time
}

// Type returns urn:ietf:params:oauth:grant-type:jwt-bearer.
func (JWTBearer) Type() string { return oauth.GrantJWTBearer }

// Params returns the assertion.
func (JWTBearer) Params() []string { return []string{"assertion"} }

// OpenToPublic says that public clients may use it.
func (JWTBearer) OpenToPublic() {}

// ClientID returns the client that the rules of the assertion's issuer let the
// workload use. Where these are several the request has to name one.
func (g JWTBearer) ClientID(ctx context.Context, tenant *tenants.Tenant, params oauth.Params) (string, error) {
	issuer, token, err := g.verified(ctx, tenant, params)
	if err != nil {
		return "", err
	}
	var id string
	for i := range issuer.Rules {
		rule := &issuer.Rules[i]
		if rule.ClientID == id || !fits(rule, token) {
			continue
		}
		if id != "" {
			return "", oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "client_id is missing: the rules of the assertion's issuer let this workload use several clients")
		}
		id = rule.ClientID
	}
	if id == "" {
		return "", oauth.Errorf(oauth.InvalidGrant, oauth.ReasonForbidden, "no rule of its issuer lets this workload use a client")
	}
	return id, nil
}

// Authorize finds the rule that lets the workload use the client. The assertion
// is spent when the token is about to leave, unless its issuer's are reusable.
func (g JWTBearer) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	issuer, token, err := g.verified(ctx, r.Tenant, r.Params)
	if err != nil {
		return nil, err
	}
	rule := ruleFor(issuer, r.Client, token)
	if rule == nil {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonForbidden, "no rule of its issuer lets this workload use this client")
	}
	subject := &Subject{ID: r.Client.ID, Spend: g.spend(issuer, token)}
	if rule.Scopes != nil {
		subject.Scopes, subject.ScopesOf = oauth.Scopes(rule.Scopes), "the rule of the assertion's issuer"
	}
	if rule.UserID == "" {
		return subject, nil
	}
	subject.ID = rule.UserID
	if subject.User, err = g.Issuers.User(ctx, r.Tenant.ID, rule.UserID); errors.Is(err, tenants.ErrNotFound) {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonUnknown, "the user that the rule names is no more")
	}
	return subject, err
}

// verified returns the assertion, which is good, and who signed it.
func (g JWTBearer) verified(ctx context.Context, tenant *tenants.Tenant, params oauth.Params) (*tenants.TrustedIssuer, *assertion.Token, error) {
	text := params["assertion"]
	if text == "" {
		return nil, nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "assertion is missing")
	}
	token, err := assertion.Read(text)
	if err != nil {
		return nil, nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonMalformed, "the assertion cannot be read: %v", err)
	}
	issuer, err := g.issuer(ctx, tenant, token)
	if err != nil {
		return nil, nil, err
	}
	return issuer, token, g.check(tenant, issuer, token)
}

// issuer returns who signed. Whatever is wrong before the signature is known to
// be good is answered alike.
func (g JWTBearer) issuer(ctx context.Context, tenant *tenants.Tenant, token *assertion.Token) (*tenants.TrustedIssuer, error) {
	refuse := func(cause error) (*tenants.TrustedIssuer, error) {
		e := oauth.Errorf(oauth.InvalidGrant, oauth.ReasonWrong, "the assertion was not signed by an issuer that this tenant trusts")
		e.Err = cause
		return nil, e
	}
	issuer, err := g.Issuers.TrustedIssuer(ctx, tenant.ID, token.Claims.Issuer)
	if errors.Is(err, tenants.ErrNotFound) || err == nil && issuer.Status != tenants.Active {
		return refuse(errors.New("no such issuer, or a disabled one"))
	}
	if err != nil {
		return nil, err
	}
	if len(issuer.SigningAlgs) > 0 && !slices.Contains(issuer.SigningAlgs, token.Alg) {
		return refuse(errors.New("the issuer may not sign with " + token.Alg))
	}
	found, tried, err := g.signed(ctx, issuer, token)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return refuse(fmt.Errorf("none of %d keys verifies it", tried))
	}
	return issuer, nil
}

// signed reports whether a key of the issuer verifies the assertion, and how many
// might. Keys that cannot be fetched are temporarily_unavailable: an assertion may
// be good all the same.
func (g JWTBearer) signed(ctx context.Context, issuer *tenants.TrustedIssuer, token *assertion.Token) (found bool, tried int, err error) {
	if issuer.JWKSURI == "" {
		list, err := assertion.ParseJWKS(issuer.JWKS)
		some := fitting(list, token)
		return isSignedByAny(some, token), len(some), err
	}
	found, tried, err = signedAt(ctx, g.Keysets, issuer.TenantID, issuer.JWKSURI, token)
	if err != nil && ctx.Err() == nil {
		err = &oauth.Error{
			Code: oauth.TemporarilyUnavailable, Reason: oauth.ReasonInternal, Description: "the keys of the assertion's issuer are away, try again",
			RetryAfter: keysAwayFor, Err: err,
		}
	}
	return found, tried, err
}

// keysAwayFor is when keys that could not be fetched are asked for again.
const keysAwayFor = 30 * time.Second

// check holds the claims to RFC 7523 section 3. Their issuer has signed them, so
// that what is wrong may be said.
func (g JWTBearer) check(tenant *tenants.Tenant, issuer *tenants.TrustedIssuer, token *assertion.Token) error {
	refuse := func(reason oauth.Reason, format string, args ...any) error {
		return oauth.Errorf(oauth.InvalidGrant, reason, "the assertion is refused: "+format, args...)
	}
	audiences := issuer.Audiences
	if len(audiences) == 0 {
		audiences = []string{tenant.Issuer}
	}
	longest := issuer.MaxLifetime
	if longest == 0 {
		longest = tenants.DefaultTrustedLifetime
	}
	claims := &token.Claims
	err := claims.ValidAt(g.Now(), time.Duration(longest)*time.Second)
	switch {
	case !token.IsType(TypeGrantAssertion):
		return refuse(oauth.ReasonMalformed, "its typ must be %s, JWT or absent", TypeGrantAssertion)
	case claims.Subject == "":
		return refuse(oauth.ReasonMalformed, "it has no sub")
	case len(claims.Audience) != 1 || !slices.Contains(audiences, claims.Audience[0]):
		return refuse(oauth.ReasonMalformed, "its aud must be nothing but one of: %s", oauth.Scopes(audiences))
	case errors.Is(err, assertion.ErrExpired):
		return refuse(oauth.ReasonExpired, "it has expired")
	case err != nil:
		return refuse(oauth.ReasonMalformed, "%v", err)
	}
	return nil
}

// ruleFor returns the first rule for the client whose conditions hold, nil for
// none.
func ruleFor(issuer *tenants.TrustedIssuer, client *tenants.Client, token *assertion.Token) *tenants.TrustRule {
	for i := range issuer.Rules {
		rule := &issuer.Rules[i]
		if rule.ClientID == client.ID && fits(rule, token) {
			return rule
		}
	}
	return nil
}

// fits reports whether all of a rule's conditions hold.
func fits(rule *tenants.TrustRule, token *assertion.Token) bool {
	return tenants.Matches(rule.Subject, token.Claims.Subject) && claimsMatch(rule.Claims, &token.Claims)
}

func claimsMatch(conditions map[string][]string, claims *assertion.Claims) bool {
	for name, patterns := range conditions {
		found := slices.ContainsFunc(claims.Texts(name), func(text string) bool {
			return slices.ContainsFunc(patterns, func(pattern string) bool { return tenants.Matches(pattern, text) })
		})
		if !found {
			return false
		}
	}
	return true
}

// spend returns what stores that the assertion was used, by which workload.
func (g JWTBearer) spend(issuer *tenants.TrustedIssuer, token *assertion.Token) func(context.Context, *Issued) error {
	return func(ctx context.Context, issued *Issued) error {
		issue := issued.Issue() // audited, as this is what consumes
		issue.Audit.Details["assertion"] = map[string]any{"iss": token.Claims.Issuer, "sub": clipped(token.Claims.Subject), "jti": clipped(token.Claims.ID)}
		if issuer.Reusable {
			return g.Log.RecordIssue(ctx, issue)
		}
		kind, once := "issuer jti", token.Claims.ID
		if once == "" {
			kind, once = "issuer assertion", token.Signed()
		}
		err := g.Log.SpendAssertion(ctx, tenants.SpentAssertion{
			TenantID: issued.Tenant.ID, Digest: digest(kind, issuer.Issuer, once), ExpiresAt: token.Claims.Expiry,
		}, issue)
		if errors.Is(err, tenants.ErrExists) {
			return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonDuplicate, "the assertion has been used before")
		}
		return err
	}
}

// clipped bounds what others may write into the audit log.
func clipped(text string) string { return text[:min(len(text), 500)] }
