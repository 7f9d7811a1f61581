package cmd

import (
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type apisCmd struct {
	Create apisCreateCmd `cmd:"" help:"Make an API."`
	List   apisListCmd   `cmd:"" help:"List a tenant's APIs."`
	Show   apisShowCmd   `cmd:"" help:"Show an API."`
	Update apisUpdateCmd `cmd:"" help:"Change an API. What no flag names stays."`
	Delete apisDeleteCmd `cmd:"" help:"Delete an API that no client may use."`
}

// apiFlags are what can be set and changed of an API.
type apiFlags struct {
	Scope              []string `sep:"none" placeholder:"NAME=DESCRIPTION" help:"Its scopes, all of them, with the deprecated ones; may be repeated. The description may be left out. --scope= for none."`
	Deprecated         []string `name:"deprecated-scope" sep:"none" placeholder:"NAME=DESCRIPTION" help:"Scope that is granted only where it is asked for, may be repeated."`
	SharedHost         *bool    `negatable:"" help:"Find this tenant by the API's identifier on the shared host. A new API: yes unless --no-shared-host is given."`
	SigningAlg         *string  `placeholder:"ALG" help:"RS256, PS256, ES256 or EdDSA. Unless given, and --signing-alg=: the tenant's."`
	RequiredPermission *string  `placeholder:"PERMISSION" help:"What the subject of its tokens must be permitted. --required-permission= for nothing."`
	lifetimeFlags
	shapeFlags
}

func (f *apiFlags) change(p change) error {
	p.text("signing_alg", f.SigningAlg)
	p.text("required_permission", f.RequiredPermission)
	p.flag("shared_host", f.SharedHost)
	if f.Scope != nil || f.Deprecated != nil {
		p["scopes"] = parseScopes(f.Scope, f.Deprecated)
	}
	f.lifetimeFlags.change(p)
	return f.changeShape(p)
}

type apisCreateCmd struct {
	tenantFlag
	Identifier string `arg:"" help:"Audience of its tokens, such as https://api.acme.example."`
	Name       string `required:"" help:"For people."`
	apiFlags
}

func (c *apisCreateCmd) Run(a *app) error {
	p := change{"identifier": c.Identifier, "name": c.Name}
	if err := c.change(p); err != nil {
		return err
	}
	return createFrom(a, c.Tenant, p, (*admin.Service).CreateAPI, showAPI)
}

type apisListCmd struct {
	tenantFlag
	list
}

func (c *apisListCmd) Run(a *app) error {
	return listThings(a, c.Tenant, c.Query, (*admin.Service).APIs, "IDENTIFIER|NAME|SCOPES|SHARED HOST", func(api tenants.API) []string {
		return []string{api.Identifier, api.Name, scopeNames(api.Scopes), yesNo(api.SharedHost)}
	})
}

type apisShowCmd struct {
	tenantFlag
	Identifier string `arg:"" help:"Its identifier or id."`
}

func (c *apisShowCmd) Run(a *app) error {
	return showThing(a, c.Tenant, c.Identifier, (*admin.Service).API, showAPI)
}

type apisUpdateCmd struct {
	tenantFlag
	Identifier string  `arg:"" help:"Its identifier or id."`
	Name       *string `help:"For people."`
	apiFlags
}

func (c *apisUpdateCmd) Run(a *app) error {
	p := change{}
	p.text("name", c.Name)
	if err := c.change(p); err != nil {
		return err
	}
	patch, err := p.patch()
	if err != nil {
		return err
	}
	return changeThing(a, c.Tenant, c.Identifier, patch, (*admin.Service).UpdateAPI, showAPI)
}

type apisDeleteCmd struct {
	tenantFlag
	Identifier string `arg:"" help:"Its identifier or id."`
}

func (c *apisDeleteCmd) Run(a *app) error {
	return endThing(a, c.Tenant, c.Identifier, (*admin.Service).DeleteAPI, "API %s is deleted.")
}

func showAPI(a *app, api *tenants.API) error {
	return a.showDetails(api,
		"identifier", api.Identifier, "name", api.Name, "scopes", scopeNames(api.Scopes), "shared_host", yesNo(api.SharedHost),
		"signing_alg", api.SigningAlg, "required_permission", api.RequiredPermission, "access_token_lifetime", seconds(api.Default), "max_access_token_lifetime", seconds(api.Max),
		"token_format", api.TokenFormat, "claims", claimsText(api.Claims),
		"created_at", instant(api.CreatedAt), "updated_at", instant(api.UpdatedAt), "id", api.ID)
}

func scopeNames(scopes []tenants.Scope) string {
	names := make([]string, len(scopes))
	for i, scope := range scopes {
		names[i] = scope.Name
		if scope.Deprecated {
			names[i] += "(deprecated)"
		}
	}
	return strings.Join(names, " ")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// count writes how many there are of a thing.
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}
