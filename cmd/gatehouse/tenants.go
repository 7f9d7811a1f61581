package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type tenantsCmd struct {
	Create tenantsCreateCmd `cmd:"" help:"Make a tenant."`
	List   tenantsListCmd   `cmd:"" help:"List the tenants."`
	Show   tenantsShowCmd   `cmd:"" help:"Show a tenant."`
	Update tenantsUpdateCmd `cmd:"" help:"Change a tenant. What no flag names stays."`
	Delete tenantsDeleteCmd `cmd:"" help:"Delete a tenant with everything that it owns but its audit events."`
}

type tenantsCreateCmd struct {
	Slug           string        `arg:"" help:"a-z, 0-9 and -: the tenant is found at /t/SLUG."`
	Name           string        `required:"" help:"For people."`
	Host           []string      `sep:"none" help:"Host name of its own, may be repeated; the first one is canonical."`
	Issuer         string        `placeholder:"URL" help:"What its tokens name. Unless given: from the first host, or from the slug."`
	Dialect        []string      `sep:"none" help:"Dialect to switch on, may be repeated."`
	SigningAlg     string        `placeholder:"ALG" help:"RS256 (unless given), PS256, ES256 or EdDSA."`
	KeyBits        int           `placeholder:"BITS" help:"Size of RSA keys: 2048 (unless given), 3072 or 4096."`
	RotationPeriod time.Duration `help:"How long a signing key signs. Unless given: as the platform says."`
	RotationPaused bool          `help:"No key follows another but by order."`
	LoginByEmail   bool          `help:"Users sign in by their e-mail address, too."`
	ExcessLifetime string        `placeholder:"RULE" help:"What a request for a longer life than it may have gets: clamp (unless given, the most) or refuse."`
	lookFlags
	lifetimeFlags
	refreshFlags
}

func (c *tenantsCreateCmd) Run(a *app) error {
	return a.atDesk(func(d *desk) error {
		t, err := d.admin.CreateTenant(d.ctx, d.actor, admin.NewTenant{
			Slug: c.Slug, Name: c.Name, Issuer: c.Issuer, Hosts: repeated(c.Host), Dialects: repeated(c.Dialect),
			SignIn: admin.SignIn{LoginByEmail: c.LoginByEmail}, Excess: admin.Excess{ExcessLifetime: c.ExcessLifetime}, Look: c.look(),
			SigningAlg: c.SigningAlg, KeyBits: c.KeyBits, Lifetime: c.lifetime(), RefreshLifetime: c.refreshLifetime(),
			Rotation: admin.Rotation{Period: int(c.RotationPeriod / time.Second), Paused: c.RotationPaused},
		})
		if err != nil {
			return err
		}
		return showTenant(a, t)
	})
}

type tenantsListCmd struct{ list }

func (c *tenantsListCmd) Run(a *app) error {
	return a.atDesk(func(d *desk) error {
		all, err := everyPage(c.Query, func(q admin.Query) (admin.Page[tenants.Tenant], error) {
			return d.admin.Tenants(d.ctx, d.actor, q)
		})
		if err != nil {
			return err
		}
		return showTable(a, all, "SLUG|NAME|STATUS|HOSTS|ISSUER", func(t tenants.Tenant) []string {
			return []string{t.Slug, t.Name, string(t.Status), strings.Join(t.Hosts, " "), t.Issuer}
		})
	})
}

type tenantsShowCmd struct {
	Slug string `arg:""`
}

func (c *tenantsShowCmd) Run(a *app) error {
	return a.atDesk(func(d *desk) error {
		t, err := d.admin.Tenant(d.ctx, d.actor, c.Slug)
		if err != nil {
			return err
		}
		return showTenant(a, t)
	})
}

type tenantsUpdateCmd struct {
	Slug           string         `arg:""`
	Name           *string        `help:"For people."`
	Host           []string       `sep:"none" help:"Its host names, all of them, may be repeated. --host= for none."`
	Dialect        []string       `sep:"none" help:"Its dialects, all of them, may be repeated. --dialect= for none."`
	Status         *string        `help:"active or suspended."`
	SigningAlg     *string        `placeholder:"ALG" help:"RS256, PS256, ES256 or EdDSA."`
	KeyBits        *int           `placeholder:"BITS" help:"Size of new RSA keys: 2048, 3072 or 4096."`
	RotationPeriod *time.Duration `help:"How long a signing key signs, such as 720h. 0s: as the platform says."`
	RotationPaused *bool          `negatable:"" help:"No key follows another but by order."`
	LoginByEmail   *bool          `negatable:"" help:"Users sign in by their e-mail address, too."`
	ExcessLifetime *string        `placeholder:"RULE" help:"What a request for a longer life than it may have gets: clamp (the most) or refuse."`
	lookFlags
	lifetimeFlags
	refreshFlags
}

func (c *tenantsUpdateCmd) Run(a *app) error {
	p := change{}
	p.text("name", c.Name)
	p.text("status", c.Status)
	p.text("excess_lifetime", c.ExcessLifetime)
	p.text("signing_alg", c.SigningAlg)
	p.number("key_bits", c.KeyBits)
	if c.RotationPeriod != nil {
		period := int(*c.RotationPeriod / time.Second)
		p.number("rotation_period", &period)
	}
	if c.RotationPaused != nil {
		p["rotation_paused"] = *c.RotationPaused
	}
	if c.LoginByEmail != nil {
		p["login_by_email"] = *c.LoginByEmail
	}
	p.texts("hosts", c.Host)
	p.texts("dialects", c.Dialect)
	c.lookFlags.change(p)
	c.lifetimeFlags.change(p)
	c.refreshFlags.change(p)
	patch, err := p.patch()
	if err != nil {
		return err
	}
	return a.atDesk(func(d *desk) error {
		t, err := d.admin.UpdateTenant(d.ctx, d.actor, c.Slug, 0, patch)
		if err != nil {
			return err
		}
		return showTenant(a, t)
	})
}

type tenantsDeleteCmd struct {
	Slug string `arg:""`
	Yes  bool   `short:"y" help:"Do not ask."`
}

func (c *tenantsDeleteCmd) Run(a *app) error {
	if err := a.confirm(c.Yes, "Delete the tenant %s with all its APIs, clients and keys?", c.Slug); err != nil {
		return err
	}
	return a.atDesk(func(d *desk) error {
		if err := d.admin.DeleteTenant(d.ctx, d.actor, c.Slug, 0); err != nil {
			return err
		}
		return a.done("Tenant %s is deleted.", c.Slug)
	})
}

func showTenant(a *app, t *tenants.Tenant) error {
	return a.showDetails(t,
		"slug", t.Slug, "name", t.Name, "status", string(t.Status), "issuer", t.Issuer, "hosts", strings.Join(t.Hosts, " "),
		"dialects", strings.Join(t.Dialects, " "), "signing_alg", t.SigningAlg, "key_bits", strconv.Itoa(t.KeyBits),
		"rotation_period", seconds(t.RotationPeriod), "rotation_paused", strconv.FormatBool(t.RotationPaused),
		"login_by_email", yesNo(t.LoginByEmail), "brand_color", t.BrandColor, "background_color", t.BackgroundColor,
		"access_token_lifetime", seconds(t.Default), "max_access_token_lifetime", seconds(t.Max), "excess_lifetime", t.ExcessLifetime,
		"refresh_token_idle_lifetime", seconds(t.Idle), "refresh_token_lifetime", seconds(t.Total), "refresh_token_grace", seconds(t.Grace),
		"created_at", instant(t.CreatedAt), "updated_at", instant(t.UpdatedAt), "id", t.ID)
}

// seconds writes a lifetime, nothing where none is set.
func seconds(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + " s"
}
