package cmd

import "github.com/gatehouse-auth/gatehouse/admin"

type clientsUpdateCmd struct {
	tenantFlag
	ClientID string  `arg:""`
	Name     *string `help:"For people."`
	clientFlags
}

func (c *clientsUpdateCmd) Run(a *app) error {
	p := change{}
	p.text("name", c.Name)
	if err := c.change(p); err != nil {
		return err
	}
	patch, err := p.patch()
	if err != nil {
		return err
	}
	return changeThing(a, c.Tenant, c.ClientID, patch, (*admin.Service).UpdateClient, showClient)
}

// change adds the given flags to a merge patch. A lifetime of 0 takes the
// grant's away, and so does an empty permission.
func (f *clientFlags) change(p change) error {
	p.text("description", f.Description)
	p.text("token_endpoint_auth_method", f.AuthMethod)
	p.text("status", f.Status)
	p.texts("grant_types", f.Grant)
	p.texts("resource_server_for", f.ResourceServerFor)
	p.texts("allowed_origins", f.Origin)
	p.texts("permissions", f.Permission)
	f.lifetimeFlags.change(p)
	f.assertionFlags.change(p)
	f.refreshFlags.change(p)
	if err := f.changeShape(p); err != nil {
		return err
	}
	if f.API != nil {
		p["apis"] = parseAccess(f.API)
	}
	if f.Lifetime != nil {
		lifetimes := change{}
		for grant, seconds := range f.Lifetime {
			lifetimes.number(grant, &seconds)
		}
		p["lifetimes"] = map[string]any(lifetimes)
	}
	if f.RequirePermission != nil {
		required := map[string]any{}
		for grant, permission := range f.RequirePermission {
			if required[grant] = nil; permission != "" {
				required[grant] = permission
			}
		}
		p["required_permissions"] = required
	}
	return p.expiry(f.Expires)
}

type clientsDeleteCmd struct {
	tenantFlag
	ClientID string `arg:""`
}

func (c *clientsDeleteCmd) Run(a *app) error {
	return endThing(a, c.Tenant, c.ClientID, (*admin.Service).DeleteClient, "Client %s is deleted; its secrets are refused from now on.")
}
