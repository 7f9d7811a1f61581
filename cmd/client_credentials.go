package cmd

import "github.com/gatehouse-auth/gatehouse/admin"

type clientsCredentialsCmd struct {
	tenantFlag
	ClientID string `arg:""`
}

func (c *clientsCredentialsCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		page, err := d.admin.ClientCredentials(d.ctx, d.actor, tenant, c.ClientID)
		if err != nil {
			return err
		}
		return showTable(a, page.Items, "KIND|ID|NAME|CREATED|EXPIRES", func(one admin.ClientCredential) []string {
			return []string{one.Kind, one.ID, one.Name, instant(one.CreatedAt), expiryText(one.ExpiresAt, a.now())}
		})
	})
}
