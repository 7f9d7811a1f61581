package cmd

import (
	"encoding/json"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type remoteGrantsCmd struct {
	Create remotesCreateCmd `cmd:"" help:"Register a grant type of a tenant's own."`
	List   remotesListCmd   `cmd:"" help:"List the grant types of a tenant's own."`
	Show   remotesShowCmd   `cmd:"" help:"Show a grant type of a tenant's own."`
	Update remotesUpdateCmd `cmd:"" help:"Change a grant type of a tenant's own. What no flag names stays."`
	Delete remotesDeleteCmd `cmd:"" help:"Delete a grant type of a tenant's own that no client has any more."`
}

// remoteFlags are what can be set and changed of a grant type of a tenant's own.
type remoteFlags struct {
	Name          *string  `help:"For people."`
	Endpoint      *string  `placeholder:"URL" help:"Who decides: an https URL without a query."`
	Param         []string `sep:"," placeholder:"NAME" help:"Request parameter that the endpoint sees, may be repeated. --param= for none."`
	PublicClients *bool    `name:"public-clients" negatable:"" help:"What is sent proves enough: clients may use it that prove nothing."`
	Status        *string  `help:"active or disabled."`
}

func (f *remoteFlags) change() change {
	p := change{}
	p.text("name", f.Name)
	p.text("status", f.Status)
	p.text("endpoint", f.Endpoint)
	p.texts("params", f.Param)
	if f.PublicClients != nil {
		p["public_clients"] = *f.PublicClients
	}
	return p
}

type remotesCreateCmd struct {
	tenantFlag
	GrantType string `arg:"" help:"The grant_type: an absolute URI, such as https://acme.example/grants/badge."`
	remoteFlags
}

func (c *remotesCreateCmd) Run(a *app) error {
	p := c.change()
	p["grant_type"] = c.GrantType
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	var n admin.NewRemoteGrant
	if err := admin.Decode(data, &n); err != nil {
		return err
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		made, err := d.admin.CreateRemoteGrant(d.ctx, d.actor, tenant, n)
		if err != nil {
			return err
		}
		return showRemote(a, made)
	})
}

type remotesListCmd struct {
	tenantFlag
	list
}

func (c *remotesListCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		all, err := everyPage(c.Query, func(q admin.Query) (admin.Page[tenants.RemoteGrant], error) {
			return d.admin.RemoteGrants(d.ctx, d.actor, tenant, q)
		})
		if err != nil {
			return err
		}
		return showTable(a, all, "ID|GRANT TYPE|NAME|STATUS|ENDPOINT|PARAMS", func(g tenants.RemoteGrant) []string {
			return []string{g.ID, g.GrantType, g.Name, string(g.Status), g.Endpoint, strings.Join(g.Params, " ")}
		})
	})
}

type remotesShowCmd struct {
	tenantFlag
	ID string `arg:"" help:"Its id; gatehouse remote-grants list shows it."`
}

func (c *remotesShowCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		found, err := d.admin.RemoteGrant(d.ctx, d.actor, tenant, c.ID)
		if err != nil {
			return err
		}
		return showRemote(a, found)
	})
}

type remotesUpdateCmd struct {
	tenantFlag
	ID string `arg:"" help:"Its id; gatehouse remote-grants list shows it."`
	remoteFlags
}

func (c *remotesUpdateCmd) Run(a *app) error {
	patch, err := c.change().patch()
	if err != nil {
		return err
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		changed, err := d.admin.UpdateRemoteGrant(d.ctx, d.actor, tenant, c.ID, 0, patch)
		if err != nil {
			return err
		}
		return showRemote(a, changed)
	})
}

type remotesDeleteCmd struct {
	tenantFlag
	ID string `arg:"" help:"Its id; gatehouse remote-grants list shows it."`
}

func (c *remotesDeleteCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		if err := d.admin.DeleteRemoteGrant(d.ctx, d.actor, tenant, c.ID, 0); err != nil {
			return err
		}
		return a.done("The grant type %s is deleted.", c.ID)
	})
}

func showRemote(a *app, g *tenants.RemoteGrant) error {
	return a.showDetails(g,
		"id", g.ID, "grant_type", g.GrantType, "name", g.Name, "status", string(g.Status), "endpoint", g.Endpoint,
		"params", strings.Join(g.Params, " "), "public_clients", yesNo(g.PublicClients), "created_at", instant(g.CreatedAt), "updated_at", instant(g.UpdatedAt))
}
