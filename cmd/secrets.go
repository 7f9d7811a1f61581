package cmd

import (
	"io"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type secretsCmd struct {
	Add    secretsAddCmd    `cmd:"" help:"Add a secret beside the others. It is shown once."`
	List   secretsListCmd   `cmd:"" help:"List a client's secrets, without the secrets themselves."`
	Revoke secretsRevokeCmd `cmd:"" help:"End a secret at once."`
}

type secretsAddCmd struct {
	tenantFlag
	ClientID   string  `arg:""`
	SecretFile string  `name:"secret-file" placeholder:"FILE" help:"File with an existing secret to import, - for the standard input. Unless given: a random one."`
	Expires    *string `placeholder:"DATE" help:"From when on it is refused: 2027-01-01, 2027-01-01T12:00:00Z or never."`
}

func (c *secretsAddCmd) Run(a *app) error {
	text, err := secretFrom("secret-file", c.SecretFile)
	if err != nil {
		return err
	}
	var expires *time.Time
	if c.Expires != nil {
		if expires, err = parseExpiry("expires", *c.Expires); err != nil {
			return err
		}
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		made, err := d.admin.AddSecret(d.ctx, d.actor, tenant, c.ClientID, admin.NewSecret{Secret: text, ExpiresAt: expires})
		if err != nil {
			return err
		}
		if text != "" { // whoever gave it knows it
			return showSecret(a, made.Secret)
		}
		return a.show(made, func(w io.Writer) error {
			if err := showSecret(a, made.Secret); err != nil {
				return err
			}
			return printSecret(w, "secret", made.Text)
		})
	})
}

func showSecret(a *app, s *tenants.Secret) error {
	return a.showDetails(s, "id", s.ID, "ends in", s.Hint, "created_at", instant(s.CreatedAt), "expires_at", instantOr(s.ExpiresAt, "never"))
}

type secretsListCmd struct {
	tenantFlag
	ClientID string `arg:""`
}

func (c *secretsListCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		all, err := everyPage("", func(q admin.Query) (admin.Page[tenants.Secret], error) {
			return d.admin.Secrets(d.ctx, d.actor, tenant, c.ClientID, q)
		})
		if err != nil {
			return err
		}
		return showTable(a, all, "ID|ENDS IN|CREATED|EXPIRES|LAST USED", func(s tenants.Secret) []string {
			return []string{s.ID, s.Hint, instant(s.CreatedAt), expiryText(s.ExpiresAt, a.now()), instantOr(s.LastUsedAt, "never")}
		})
	})
}

type secretsRevokeCmd struct {
	tenantFlag
	ClientID string `arg:""`
	SecretID string `arg:"" help:"The id, not the secret; gatehouse clients secrets list shows it."`
}

func (c *secretsRevokeCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		if err := d.admin.RevokeSecret(d.ctx, d.actor, tenant, c.ClientID, c.SecretID); err != nil {
			return err
		}
		return a.done("Secret %s of client %s is refused from now on.", c.SecretID, c.ClientID)
	})
}
