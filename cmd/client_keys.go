package cmd

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type clientKeysCmd struct {
	Add    clientKeysAddCmd    `cmd:"" help:"Add a public key beside the others."`
	List   clientKeysListCmd   `cmd:"" help:"List a client's public keys."`
	Revoke clientKeysRevokeCmd `cmd:"" help:"End a public key at once."`
}

type clientKeysAddCmd struct {
	tenantFlag
	ClientID    string  `arg:""`
	Certificate string  `xor:"form" required:"" placeholder:"FILE" help:"File with an X.509 certificate, PEM or base64, - for the standard input."`
	PublicKey   string  `xor:"form" required:"" placeholder:"FILE" help:"File with a public key, PEM or base64."`
	JWK         string  `name:"jwk" xor:"form" required:"" placeholder:"FILE" help:"File with a JWK."`
	Alg         string  `placeholder:"ALG" help:"RS256, PS256, ES256 or EdDSA. Unless given: the JWK's own, or RS256, ES256 or EdDSA as the key is."`
	Expires     *string `placeholder:"DATE" help:"From when on it is refused: 2027-01-01, 2027-01-01T12:00:00Z or never. A certificate ends by itself."`
}

func (c *clientKeysAddCmd) Run(a *app) error {
	key, err := c.read()
	if err != nil {
		return err
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		made, err := d.admin.AddClientKey(d.ctx, d.actor, tenant, c.ClientID, key)
		if err != nil {
			return err
		}
		return a.showDetails(made, "id", made.ID, "kid", made.Kid, "alg", made.Alg, "thumbprint", made.Thumbprint, "source", made.Source, "subject", made.Subject,
			"created_at", instant(made.CreatedAt), "not_before", instantOr(made.NotBefore, "-"), "expires_at", instantOr(made.ExpiresAt, "never"))
	})
}

func (c *clientKeysAddCmd) read() (n admin.NewClientKey, err error) {
	n.Alg = c.Alg
	if c.Expires != nil {
		if n.ExpiresAt, err = parseExpiry("expires", *c.Expires); err != nil {
			return n, err
		}
	}
	if n.Certificate, err = secretFrom("certificate", c.Certificate); err != nil {
		return n, err
	}
	if n.PublicKey, err = secretFrom("public-key", c.PublicKey); err != nil {
		return n, err
	}
	text, err := secretFrom("jwk", c.JWK)
	if err == nil && text != "" && json.Unmarshal([]byte(text), &n.JWK) != nil {
		err = usage("--jwk: the file holds no JSON object")
	}
	return n, err
}

type clientKeysListCmd struct {
	tenantFlag
	ClientID string `arg:""`
}

func (c *clientKeysListCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		all, err := everyPage("", func(q admin.Query) (admin.Page[tenants.ClientKey], error) {
			return d.admin.ClientKeys(d.ctx, d.actor, tenant, c.ClientID, q)
		})
		if err != nil {
			return err
		}
		return showTable(a, all, "ID|KID|ALG|SOURCE|SUBJECT|CREATED|EXPIRES|LAST USED", func(k tenants.ClientKey) []string {
			return []string{k.ID, k.Kid, k.Alg, k.Source, k.Subject, instant(k.CreatedAt), expiryText(k.ExpiresAt, a.now()), instantOr(k.LastUsedAt, "never")}
		})
	})
}

// expiryText shows when something ends, and whether it has.
func expiryText(at *time.Time, now time.Time) string {
	if at != nil && !now.Before(*at) {
		return instant(*at) + " (expired)"
	}
	return instantOr(at, "never")
}

type clientKeysRevokeCmd struct {
	tenantFlag
	ClientID string `arg:""`
	KeyID    string `arg:"" help:"The id; gatehouse clients keys list shows it."`
}

func (c *clientKeysRevokeCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		if err := d.admin.RevokeClientKey(d.ctx, d.actor, tenant, c.ClientID, c.KeyID); err != nil {
			return err
		}
		return a.done("Key %s of client %s is refused from now on.", c.KeyID, c.ClientID)
	})
}

// assertionFlags are what can be set of how a client proves who it is.
type assertionFlags struct {
	JWKSURI              *string       `name:"jwks-uri" placeholder:"URL" help:"Where it publishes its public keys. --jwks-uri= for nowhere."`
	AssertionAudience    []string      `sep:"none" placeholder:"URL" help:"What its assertions may name beside the issuer, with and without the default port; may be repeated."`
	MaxAssertionLifetime *wholeSeconds `placeholder:"SECONDS" help:"How far ahead the expiry of its assertions may lie, to 1800. 0: 300."`
	AllowNoJTI           *bool         `name:"allow-assertions-without-jti" negatable:"" help:"Take assertions without an id of their own, each once."`
}

func (f assertionFlags) change(p change) {
	p.text("jwks_uri", f.JWKSURI)
	p.texts("assertion_audiences", f.AssertionAudience)
	p.seconds("max_assertion_lifetime", f.MaxAssertionLifetime)
	p.flag("allow_assertions_without_jti", f.AllowNoJTI)
}
