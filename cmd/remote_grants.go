package cmd

import (
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
	p.flag("public_clients", f.PublicClients)
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
	return createFrom(a, c.Tenant, p, (*admin.Service).CreateRemoteGrant, showRemote)
}

type remotesListCmd struct {
	tenantFlag
	list
}

func (c *remotesListCmd) Run(a *app) error {
	return listThings(a, c.Tenant, c.Query, (*admin.Service).RemoteGrants, "ID|GRANT TYPE|NAME|STATUS|ENDPOINT|PARAMS", func(g tenants.RemoteGrant) []string {
		return []string{g.ID, g.GrantType, g.Name, string(g.Status), g.Endpoint, strings.Join(g.Params, " ")}
	})
}

type remotesShowCmd struct {
	tenantFlag
	GrantType string `arg:"" help:"Its grant type or id."`
}

func (c *remotesShowCmd) Run(a *app) error {
	return showThing(a, c.Tenant, c.GrantType, (*admin.Service).RemoteGrant, showRemote)
}

type remotesUpdateCmd struct {
	tenantFlag
	GrantType string `arg:"" help:"Its grant type or id."`
	remoteFlags
}

func (c *remotesUpdateCmd) Run(a *app) error {
	patch, err := c.change().patch()
	if err != nil {
		return err
	}
	return changeThing(a, c.Tenant, c.GrantType, patch, (*admin.Service).UpdateRemoteGrant, showRemote)
}

type remotesDeleteCmd struct {
	tenantFlag
	GrantType string `arg:"" help:"Its grant type or id."`
}

func (c *remotesDeleteCmd) Run(a *app) error {
	return endThing(a, c.Tenant, c.GrantType, (*admin.Service).DeleteRemoteGrant, "The grant type %s is deleted.")
}

func showRemote(a *app, g *tenants.RemoteGrant) error {
	return a.showDetails(g,
		"id", g.ID, "grant_type", g.GrantType, "name", g.Name, "status", string(g.Status), "endpoint", g.Endpoint,
		"params", strings.Join(g.Params, " "), "public_clients", yesNo(g.PublicClients), "created_at", instant(g.CreatedAt), "updated_at", instant(g.UpdatedAt))
}
