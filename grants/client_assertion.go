package grants

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// SpentAssertions remembers what was used once, on all nodes.
type SpentAssertions interface {
	// SpendAssertion stores a, and with it what it earned. Exactly one caller
	// wins; the others get tenants.ErrExists.
	SpendAssertion(ctx context.Context, a tenants.SpentAssertion, earned tenants.Issue) error
	// AssertionSpent reports whether SpendAssertion has stored a.
	AssertionSpent(ctx context.Context, a tenants.SpentAssertion) (bool, error)
}

// TypeClientAssertion is the typ of assertions that authenticate a client (draft
// rfc7523bis); "JWT" or none will do too.
const TypeClientAssertion = "client-authentication+jwt"

// clientAssertion is what both methods of RFC 7523 section 2.2 share: the claims,
// and that an assertion is used once.
type clientAssertion struct {
	spent SpentAssertions
	now   func() time.Time
}

// authenticate answers nil where signed finds the client's signature on the
// assertion and its claims hold. The signature is always looked for, so that a
// client that does not exist costs as much as one that does, and what is wrong
// with the claims is told only to who could sign them. An assertion that is used up
// is refused; one that is not is when the proof is spent.
func (m clientAssertion) authenticate(ctx context.Context, p *Proof, signed func(*assertion.Token) error) error {
	token, err := assertion.Read(p.Credentials.Assertion)
	if err != nil {
		return oauth.Errorf(oauth.InvalidClient, oauth.ReasonMalformed, "the client assertion cannot be read: %v", err)
	}
	claimed := m.check(p, token)
	if err := signed(token); err != nil {
		return err
	}
	if errors.Is(claimed, assertion.ErrExpired) {
		return oauth.Errorf(oauth.InvalidClient, oauth.ReasonExpired, "the client assertion has expired")
	}
	if claimed != nil {
		return oauth.Errorf(oauth.InvalidClient, oauth.ReasonMalformed, "the client assertion is refused: %v", claimed)
	}
	once := token.Claims.ID
	kind := "client jti"
	if once == "" {
		once, kind = token.Signed(), "client assertion"
	}
	use := tenants.SpentAssertion{TenantID: p.Tenant.ID, Digest: digest(kind, p.Client.ID, once), ExpiresAt: token.Claims.Expiry}
	spent, err := m.spent.AssertionSpent(ctx, use)
	if err != nil {
		return err
	}
	if spent {
		return usedBefore()
	}
	p.Spend = func(ctx context.Context) error {
		err := m.spent.SpendAssertion(ctx, use, tenants.Issue{})
		if errors.Is(err, tenants.ErrExists) {
			return usedBefore()
		}
		return err
	}
	return nil
}

func usedBefore() error {
	return oauth.Errorf(oauth.InvalidClient, oauth.ReasonDuplicate, "the client assertion has been used before")
}

// check holds the claims to RFC 7523 section 3 and OpenID Connect Core section 9.
func (m clientAssertion) check(p *Proof, token *assertion.Token) error {
	claims, rules := &token.Claims, p.Client.Assertions
	if !token.IsType(TypeClientAssertion) {
		return fmt.Errorf("its typ must be %s, JWT or absent", TypeClientAssertion)
	}
	if claims.Issuer != p.Client.ID || claims.Subject != p.Client.ID {
		return errors.New("its iss and its sub must be the client_id")
	}
	if !claims.OneAudience || !isAudience(claims.Audience[0], p) {
		return fmt.Errorf("its aud must be the string %s, and no list", p.Tenant.Issuer)
	}
	if claims.ID == "" && !rules.AllowNoJTI {
		return errors.New("it has no jti")
	}
	longest := rules.MaxLifetime
	if longest == 0 {
		longest = tenants.DefaultAssertionLifetime
	}
	return claims.ValidAt(m.now(), time.Duration(longest)*time.Second)
}

// isAudience reports whether an assertion for audience is for us: it is the
// issuer, or one of the URLs that the client may use besides.
func isAudience(audience string, p *Proof) bool {
	if audience == p.Tenant.Issuer {
		return true
	}
	for _, allowed := range p.Client.Audiences {
		if withoutDefaultPort(audience) == withoutDefaultPort(allowed) {
			return true
		}
	}
	return false
}

// withoutDefaultPort returns a URL without the port that it would have anyway.
func withoutDefaultPort(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	host, path, slash := strings.Cut(rest, "/")
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	if slash {
		path = "/" + path
	}
	return scheme + "://" + host + path
}

// digest names what is used once: its kind, whose it is, and what. Each part
// has its length before it, so that no two lists of parts give the same.
func digest(parts ...string) string {
	var text []byte
	for _, part := range parts {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// notProven is the answer to a proof that is not the client's; only the log is told the cause.
func notProven(cause error) error {
	e := oauth.Errorf(oauth.InvalidClient, oauth.ReasonWrong, "client authentication failed")
	e.Err = cause
	return e
}
