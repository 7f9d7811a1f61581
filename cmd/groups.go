package cmd

import (
	"fmt"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type groupsCmd struct {
	Create groupsCreateCmd `cmd:"" help:"Make a group."`
	List   groupsListCmd   `cmd:"" help:"List a tenant's groups."`
	Show   groupsShowCmd   `cmd:"" help:"Show a group."`
	Update groupsUpdateCmd `cmd:"" help:"Change a group. What no flag names stays."`
	Delete groupsDeleteCmd `cmd:"" help:"Delete a group, and with it the rules of impersonation that name it. Its members stay."`
}

type groupsCreateCmd struct {
	tenantFlag
	Name        string   `arg:""`
	Description string   `help:"For people."`
	Permission  []string `sep:"none" help:"Permission of its members, may be repeated."`
}

func (c *groupsCreateCmd) Run(a *app) error {
	p := change{"name": c.Name, "description": c.Description}
	p.texts("permissions", c.Permission)
	return createFrom(a, c.Tenant, p, (*admin.Service).CreateGroup, showGroup)
}

type groupsListCmd struct {
	tenantFlag
	list
}

func (c *groupsListCmd) Run(a *app) error {
	return listThings(a, c.Tenant, c.Query, (*admin.Service).Groups, "NAME|PERMISSIONS|DESCRIPTION", func(g tenants.Group) []string {
		return []string{g.Name, strings.Join(g.Permissions, " "), g.Description}
	})
}

type groupsShowCmd struct {
	tenantFlag
	Group string `arg:"" help:"Name or id."`
}

func (c *groupsShowCmd) Run(a *app) error {
	return showThing(a, c.Tenant, c.Group, (*admin.Service).Group, showGroup)
}

type groupsUpdateCmd struct {
	tenantFlag
	Group       string   `arg:"" help:"Name or id."`
	Name        *string  `help:"What it is called."`
	Description *string  `help:"For people."`
	Permission  []string `sep:"none" help:"Permissions of its members, all of them, may be repeated. --permission= for none."`
}

func (c *groupsUpdateCmd) Run(a *app) error {
	p := change{}
	p.text("name", c.Name)
	p.text("description", c.Description)
	p.texts("permissions", c.Permission)
	patch, err := p.patch()
	if err != nil {
		return err
	}
	return changeThing(a, c.Tenant, c.Group, patch, (*admin.Service).UpdateGroup, showGroup)
}

type groupsDeleteCmd struct {
	tenantFlag
	Group string `arg:"" help:"Name or id."`
}

func (c *groupsDeleteCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		group, err := d.admin.Group(d.ctx, d.actor, tenant, c.Group)
		if err != nil {
			return err
		}
		rules, err := everyPage("", func(q admin.Query) (admin.Page[tenants.ImpersonationRule], error) {
			return d.admin.ImpersonationRules(d.ctx, d.actor, tenant, q)
		})
		if err != nil {
			return err
		}
		if err := d.admin.DeleteGroup(d.ctx, d.actor, tenant, group.ID, 0); err != nil {
			return err
		}
		told := fmt.Sprintf("Group %s is deleted.", c.Group)
		for _, r := range rules {
			if r.Actor.Group == group.Name || r.Target.Group == group.Name {
				told += fmt.Sprintf("\nWith it went the impersonation rule %s: %s as %s.", r.ID, partyText(r.Actor), partyText(r.Target))
			}
		}
		return a.done("%s", told)
	})
}

func showGroup(a *app, g *tenants.Group) error {
	return a.showDetails(g,
		"name", g.Name, "description", g.Description, "permissions", strings.Join(g.Permissions, " "),
		"created_at", instant(g.CreatedAt), "updated_at", instant(g.UpdatedAt), "id", g.ID)
}
