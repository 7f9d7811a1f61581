package cmd

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type tenantsCmd struct {
	Create tenantsCreateCmd `cmd:"" help:"Make a tenant."`
	List   tenantsListCmd   `cmd:"" help:"List the tenants."`
	Show   tenantsShowCmd   `cmd:"" help:"Show a tenant."`
	Update tenantsUpdateCmd `cmd:"" help:"Change a tenant. What no flag names stays."`
	Delete tenantsDeleteCmd `cmd:"" help:"Delete a tenant with everything that it owns but its audit events."`
}

// tenantFlags are what can be set and changed of a tenant.
type tenantFlags struct {
	Host           []string       `sep:"none" help:"Its host names, all of them, may be repeated; the first one is canonical. --host= for none."`
	DialectSetting []string       `sep:"none" placeholder:"DIALECT.NAME=VALUE" help:"What a dialect needs to know, may be repeated. Without a value: no more."`
	Dialect        []string       `sep:"none" help:"Its dialects, all of them, may be repeated. --dialect= for none."`
	SigningAlg     *string        `placeholder:"ALG" help:"RS256 (unless given), PS256, ES256 or EdDSA."`
	KeyBits        *int           `placeholder:"BITS" help:"Size of new RSA keys: 2048 (unless given), 3072 or 4096."`
	RotationPeriod *time.Duration `help:"How long a signing key signs, such as 720h. 0s: as the platform says."`
	RotationPaused *bool          `negatable:"" help:"No key follows another but by order."`
	LoginByEmail   *bool          `negatable:"" help:"Users sign in by their e-mail address, too."`
	ExcessLifetime *string        `placeholder:"RULE" help:"What a request for a longer life than it may have gets: clamp (unless given, the most) or refuse."`
	lookFlags
	lifetimeFlags
	refreshFlags
}

func (f *tenantFlags) change(p change) error {
	p.text("excess_lifetime", f.ExcessLifetime)
	p.text("signing_alg", f.SigningAlg)
	p.number("key_bits", f.KeyBits)
	if f.RotationPeriod != nil {
		period := int(*f.RotationPeriod / time.Second)
		p.number("rotation_period", &period)
	}
	p.flag("rotation_paused", f.RotationPaused)
	p.flag("login_by_email", f.LoginByEmail)
	p.texts("hosts", f.Host)
	p.texts("dialects", f.Dialect)
	f.lookFlags.change(p)
	f.lifetimeFlags.change(p)
	f.refreshFlags.change(p)
	given, err := parseDialectSettings(f.DialectSetting)
	if given != nil {
		p["dialect_settings"] = settingsChange(given)
	}
	return err
}

type tenantsCreateCmd struct {
	Slug   string `arg:"" help:"a-z, 0-9 and -: the tenant is found at /t/SLUG."`
	Name   string `required:"" help:"For people."`
	Issuer string `placeholder:"URL" help:"What its tokens name. Unless given: from the first host, or from the slug."`
	Preset string `placeholder:"NAME" help:"Furnish it with APIs, scopes and a client, whose secret is shown once: ${presets}."`
	tenantFlags
}

func (c *tenantsCreateCmd) Run(a *app) error {
	p := change{"slug": c.Slug, "name": c.Name, "issuer": c.Issuer}
	if err := c.change(p); err != nil {
		return err
	}
	var n admin.NewTenant
	if err := fit(p, &n); err != nil {
		return err
	}
	return a.atDesk(func(d *desk) error {
		if c.Preset != "" {
			return c.furnish(d, n)
		}
		t, err := d.admin.CreateTenant(d.ctx, d.actor, n)
		if err != nil {
			return err
		}
		d.warn()
		return showTenant(a, t)
	})
}

// furnish makes the tenant from the preset, and shows the secrets of its clients.
func (c *tenantsCreateCmd) furnish(d *desk, n admin.NewTenant) error {
	preset, err := dialects.LookupPreset(c.Preset)
	if err != nil {
		return usage("--preset: %v", err)
	}
	made, err := fromPreset(d.ctx, d.admin, d.actor, preset, n)
	if err != nil {
		return err
	}
	d.warn()
	return d.show(made, func(w io.Writer) error {
		if err := showTenant(d.app, made.Tenant); err != nil {
			return err
		}
		for _, client := range made.Clients {
			if _, err := fmt.Fprintf(w, "\nclient %s\nclient_id      %s", client.Name, client.ID); err != nil {
				return err
			}
			if err := printSecret(w, "client_secret", client.Secret); err != nil {
				return err
			}
		}
		if len(made.Hosts) == 0 && dialects.Builtin().Lookup(preset.Name).NeedsHost() {
			if _, err := fmt.Fprintf(w, "\nThe calls of %s that set or read a cookie answer on a host of the tenant's own only:\n  gatehouse tenants update %s --host HOST\n", preset.Name, made.Slug); err != nil {
				return err
			}
		}
		example := preset.Example()
		if example == nil {
			return nil
		}
		f := newFurnisher(d.ctx, d.admin, d.actor, preset, made.Tenant)
		_, err := fmt.Fprintf(w, "\nTo get a token (%s):\n  %s\n", example.Title, f.call(example, made.Clients[0], d.settings.PublicURL))
		return err
	})
}

// parseDialectSettings reads what a dialect needs to know, a flag each.
func parseDialectSettings(given []string) (map[string]map[string]string, error) {
	var all map[string]map[string]string
	for _, text := range given {
		name, value, ok := strings.Cut(text, "=")
		dialect, setting, dotted := strings.Cut(name, ".")
		if !ok || !dotted {
			return nil, usage("--dialect-setting: %q must be DIALECT.NAME=VALUE", text)
		}
		if all == nil {
			all = map[string]map[string]string{}
		}
		if all[dialect] == nil {
			all[dialect] = map[string]string{}
		}
		all[dialect][setting] = value
	}
	return all, nil
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
	Slug   string  `arg:""`
	Name   *string `help:"For people."`
	Status *string `help:"active or suspended."`
	tenantFlags
}

func (c *tenantsUpdateCmd) Run(a *app) error {
	p := change{}
	p.text("name", c.Name)
	p.text("status", c.Status)
	if err := c.change(p); err != nil {
		return err
	}
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
	Yes  bool   `short:"y" help:"Do not ask. Needed without a terminal, and with --json."`
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

// settingsChange is the merge patch of dialect settings: without a value a
// setting is taken away.
func settingsChange(given map[string]map[string]string) map[string]any {
	patch := map[string]any{}
	for dialect, values := range given {
		of := map[string]any{}
		for name, value := range values {
			of[name] = value
			if value == "" {
				of[name] = nil
			}
		}
		patch[dialect] = of
	}
	return patch
}
