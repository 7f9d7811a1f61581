package cmd

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type clientsCmd struct {
	Create      clientsCreateCmd      `cmd:"" help:"Make a client. Its secret is shown once."`
	List        clientsListCmd        `cmd:"" help:"List a tenant's clients."`
	Show        clientsShowCmd        `cmd:"" help:"Show a client."`
	Update      clientsUpdateCmd      `cmd:"" help:"Change a client. What no flag names stays."`
	Effective   clientsEffectiveCmd   `cmd:"" help:"Show what a client's access tokens are like, and who decided it."`
	Delete      clientsDeleteCmd      `cmd:"" help:"Delete a client with its secrets."`
	Secrets     secretsCmd            `cmd:"" help:"The secrets of a client."`
	Keys        clientKeysCmd         `cmd:"" help:"The public keys of a client."`
	Credentials clientsCredentialsCmd `cmd:"" help:"List a client's secrets and public keys, the one that ends first at the front."`
}

// clientFlags are what can be set and changed of a client.
type clientFlags struct {
	Description       *string        `help:"For people."`
	Grant             []string       `sep:"," placeholder:"GRANT_TYPE" help:"Grant that it may use, may be repeated. --grant= for none. A new client gets client_credentials unless given."`
	AuthMethod        *string        `name:"auth-method" placeholder:"METHOD" help:"client_secret_basic (unless given), client_secret_post, private_key_jwt, client_secret_jwt or none."`
	API               []string       `name:"api" sep:"none" placeholder:"IDENTIFIER=SCOPE,SCOPE" help:"API that it may use, may be repeated. Without scopes: all that are not deprecated."`
	ResourceServerFor []string       `sep:"none" placeholder:"IDENTIFIER" help:"API whose tokens it may introspect, may be repeated."`
	Origin            []string       `sep:"none" placeholder:"ORIGIN" help:"Origin of pages that may exchange sessions for it, such as https://shop.example.com, may be repeated. --origin= for none."`
	Lifetime          secondsByGrant `placeholder:"GRANT_TYPE=SECONDS" help:"Life of access tokens by grant, may be repeated."`
	Expires           *string        `placeholder:"DATE" help:"From when on it is refused: 2027-01-01, 2027-01-01T12:00:00Z or never."`
	Status            *string        `help:"active or disabled."`
	lifetimeFlags
	shapeFlags
	assertionFlags
	permissionFlags
	refreshFlags
}

// permissionFlags are what its service account may do, and what is required.
type permissionFlags struct {
	Permission        []string          `sep:"none" help:"Permission of its service account, may be repeated: all of them. --permission= for none."`
	RequirePermission map[string]string `name:"require-permission" placeholder:"GRANT_TYPE=PERMISSION" help:"What the subject of its tokens must be permitted, by grant, may be repeated."`
}

type clientsCreateCmd struct {
	tenantFlag
	Name             string `required:"" help:"For people."`
	ClientID         string `name:"client-id" placeholder:"ID" help:"Unless given: a random one."`
	ClientSecretFile string `name:"client-secret-file" placeholder:"FILE" help:"File with an existing secret to import, - for the standard input. Unless given: a random one."`
	clientFlags
}

func (c *clientsCreateCmd) Run(a *app) error {
	secret, err := secretFrom("client-secret-file", c.ClientSecretFile)
	if err != nil {
		return err
	}
	p := change{"name": c.Name, "client_id": c.ClientID}
	if c.ClientSecretFile != "" {
		p["client_secret"] = secret
	}
	if err := c.change(p); err != nil {
		return err
	}
	var n admin.NewClient
	if err := fit(p, &n); err != nil {
		return err
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		made, err := d.admin.CreateClient(d.ctx, d.actor, tenant, n)
		if err != nil {
			return err
		}
		if secret != "" || made.Secret == "" { // whoever gave it knows it
			return showClient(a, made.Client)
		}
		return a.show(made, func(w io.Writer) error {
			if err := showClient(a, made.Client); err != nil {
				return err
			}
			return printSecret(w, "client_secret", made.Secret)
		})
	})
}

// printSecret shows a secret that nobody can ask for again.
func printSecret(w io.Writer, name, secret string) error {
	_, err := fmt.Fprintf(w, "\n%s  %s\n\nThis is the only time that the secret is shown: store it now.\n", name, secret)
	return err
}

type clientsListCmd struct {
	tenantFlag
	list
	Legacy bool `help:"Only those that use endpoints of dialects, and which."`
}

func (c *clientsListCmd) Run(a *app) error {
	if c.Legacy {
		return c.showLegacy(a)
	}
	return listThings(a, c.Tenant, c.Query, (*admin.Service).Clients, "CLIENT ID|NAME|STATUS|GRANTS|APIS|EXPIRES", func(c tenants.Client) []string {
		return []string{c.ID, c.Name, string(c.Status), strings.Join(c.GrantTypes, " "), accessText(c.APIs), instantOr(c.ExpiresAt, "never")}
	})
}

// showLegacy is the report for whoever moves clients to the standard endpoint.
func (c *clientsListCmd) showLegacy(a *app) error {
	return listThings(a, c.Tenant, c.Query, (*admin.Service).LegacyUses, "CLIENT ID|DIALECT|ENDPOINT|REQUESTS|LAST", func(u tenants.LegacyUse) []string {
		return []string{u.ClientID, u.Dialect, u.Method + " " + u.Path, strconv.FormatInt(u.Count, 10), instant(u.LastUsedAt)}
	})
}

type clientsShowCmd struct {
	tenantFlag
	ClientID string `arg:""`
}

func (c *clientsShowCmd) Run(a *app) error {
	return showThing(a, c.Tenant, c.ClientID, (*admin.Service).Client, showClient)
}

func showClient(a *app, c *tenants.Client) error {
	var lifetimes []string
	for _, grant := range slices.Sorted(maps.Keys(c.Lifetimes)) {
		lifetimes = append(lifetimes, grant+"="+seconds(c.Lifetimes[grant]))
	}
	return a.showDetails(c,
		"client_id", c.ID, "name", c.Name, "description", c.Description, "status", string(c.Status),
		"grant_types", strings.Join(c.GrantTypes, " "), "token_endpoint_auth_method", c.AuthMethod, "jwks_uri", c.JWKSURI,
		"assertion_audiences", strings.Join(c.Audiences, " "), "max_assertion_lifetime", seconds(c.MaxLifetime),
		"allow_assertions_without_jti", yesNo(c.AllowNoJTI), "apis", accessText(c.APIs),
		"resource_server_for", strings.Join(c.ResourceServerFor, " "), "allowed_origins", strings.Join(c.AllowedOrigins, " "), "lifetimes", strings.Join(lifetimes, ", "),
		"access_token_lifetime", seconds(c.Default), "max_access_token_lifetime", seconds(c.Max),
		"token_format", c.TokenFormat, "claims", claimsText(c.Claims),
		"permissions", strings.Join(c.Permissions, " "), "inherited_permissions", strings.Join(c.InheritedPermissions, " "),
		"required_permissions", required(c.RequiredPermissions),
		"refresh_token_idle_lifetime", seconds(c.Idle), "refresh_token_lifetime", seconds(c.Total), "refresh_token_grace", seconds(c.Grace),
		"expires_at", instantOr(c.ExpiresAt, "never"), "last_used_at", instantOr(c.LastUsedAt, "-"), "created_at", instant(c.CreatedAt), "updated_at", instant(c.UpdatedAt))
}

func accessText(all []tenants.APIAccess) string {
	texts := make([]string, len(all))
	for i, access := range all {
		texts[i] = access.Identifier + "=" + strings.Join(access.Scopes, ",")
		if len(access.Scopes) == 0 {
			texts[i] = access.Identifier + " (no scopes)"
		}
	}
	return strings.Join(texts, " ")
}

// required writes which grant needs which permission.
func required(permissions map[string]string) string {
	var texts []string
	for _, grant := range slices.Sorted(maps.Keys(permissions)) {
		texts = append(texts, grant+"="+permissions[grant])
	}
	return strings.Join(texts, ", ")
}
