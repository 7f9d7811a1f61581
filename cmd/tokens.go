package cmd

import (
	"fmt"
	"io"

	"github.com/gatehouse-auth/gatehouse/admin"
)

type tokensCmd struct {
	Revoke tokensRevokeCmd `cmd:"" help:"End access tokens before they expire: those of a client, of a user, one, or all."`
}

type tokensRevokeCmd struct {
	tenantFlag
	Client string `placeholder:"CLIENT_ID" help:"Those that were issued to this client."`
	User   string `placeholder:"USER" help:"Those that speak for this user, by username or id, and those by which it acts."`
	JTI    string `name:"jti" placeholder:"JTI" help:"A single one, by its jti."`
	All    bool   `help:"All that the tenant has issued."`
	Yes    bool   `short:"y" help:"With --all: do not ask. Needed without a terminal, and with --json."`
}

func (c *tokensRevokeCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		if c.All {
			if err := a.confirm(c.Yes, "End all access tokens of the tenant %s?", tenant); err != nil {
				return err
			}
		}
		order := admin.TokenRevocation{ClientID: c.Client, TokenID: c.JTI, All: c.All}
		if c.User != "" {
			var err error
			if order.UserID, err = d.userID(tenant, c.User); err != nil {
				return err
			}
		}
		revoked, err := d.admin.RevokeTokens(d.ctx, d.actor, tenant, order)
		if err != nil {
			return err
		}
		return a.show(revoked, func(w io.Writer) error {
			what := "If there is such a token, it" // not all are stored
			if revoked.NotBefore != nil {
				what = "What was issued until " + instant(*revoked.NotBefore)
			}
			_, err := fmt.Fprintf(w, "%s is dead where introspection is asked, on every node within a second; the last of it would have expired by %s.\n",
				what, instant(revoked.ExpiresAt))
			return err
		})
	})
}
