package cmd

import (
	"github.com/gatehouse-auth/gatehouse/admin"
)

type tokensCmd struct {
	Revoke tokensRevokeCmd `cmd:"" help:"End access tokens before they expire: those of a client, of a user, one, or all."`
}

type tokensRevokeCmd struct {
	tenantFlag
	Client string `placeholder:"CLIENT_ID" help:"Those that were issued to this client."`
	User   string `placeholder:"USER_ID" help:"Those that speak for this user, and those by which it acts."`
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
		revoked, err := d.admin.RevokeTokens(d.ctx, d.actor, tenant, admin.TokenRevocation{
			ClientID: c.Client, UserID: c.User, TokenID: c.JTI, All: c.All,
		})
		if err != nil {
			return err
		}
		what := "The token"
		if revoked.NotBefore != nil {
			what = "What was issued until " + instant(*revoked.NotBefore)
		}
		if a.json {
			return a.show(revoked, nil)
		}
		return a.done("%s is dead where introspection is asked, on every node within a second; the last of it would have expired by %s.",
			what, instant(revoked.ExpiresAt))
	})
}
