package cmd

import "github.com/gatehouse-auth/gatehouse/admin"

type clientsCredentialsCmd struct {
	tenantFlag
	ClientID string `arg:""`
}

func (c *clientsCredentialsCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		all, err := everyPage("", func(q admin.Query) (admin.Page[admin.ClientCredential], error) {
			return d.admin.ClientCredentials(d.ctx, d.actor, tenant, c.ClientID, q)
		})
		if err != nil {
			return err
		}
		return showTable(a, all, "KIND|ID|NAME|CREATED|EXPIRES|LAST USED", func(one admin.ClientCredential) []string {
			return []string{one.Kind, one.ID, one.Name, instant(one.CreatedAt), expiryText(one.ExpiresAt, a.now()), instantOr(one.LastUsedAt, "never")}
		})
	})
}
