package cmd

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List a tenant's signing keys with their states, and draw when they sign."`
	Rotate keysRotateCmd `cmd:"" help:"Have another key sign: published first, signing after its lead."`
	Revoke keysRevokeCmd `cmd:"" help:"Take a key out of use at once, and report what it signed."`
	Uses   keysUsesCmd   `cmd:"" help:"List what a key signed, per client, API and hour, newest first."`
	Delete keysDeleteCmd `cmd:"" help:"Delete a key whose last token has expired."`
}

type keysListCmd struct {
	tenantFlag
}

func (c *keysListCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		all, err := everyPage("", func(q admin.Query) (admin.Page[admin.SigningKey], error) {
			return d.admin.SigningKeys(d.ctx, d.actor, tenant, q)
		})
		if err != nil {
			return err
		}
		return a.showKeys(admin.Page[admin.SigningKey]{Items: append([]admin.SigningKey{}, all...)})
	})
}

func (a *app) showKeys(page admin.Page[admin.SigningKey]) error {
	return a.show(page, func(w io.Writer) error {
		if len(page.Items) == 0 {
			_, err := fmt.Fprintln(w, "No key yet: the first one is made with the first token.")
			return err
		}
		now := a.now()
		t := newTable(w)
		t.row("KID", "ALG", "STATE", "AGE", "NEXT EVENT", "AT")
		for _, key := range page.Items {
			next, at := "", ""
			if e := key.NextEvent; e != nil {
				next, at = e.Name+" in "+rough(e.At.Sub(now)), instant(e.At)
			}
			state := string(key.State)
			if key.RevokedAt != nil {
				state = "revoked"
			}
			t.row(key.Kid, algorithm(key), state, rough(time.Duration(key.Age)*time.Second), next, at)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		_, err := io.WriteString(w, "\n"+timeline(page.Items, now))
		return err
	})
}

func algorithm(key admin.SigningKey) string {
	if key.Bits == 0 {
		return key.Alg
	}
	return key.Alg + "/" + strconv.Itoa(key.Bits)
}

type keysRotateCmd struct {
	tenantFlag
	Alg         string `placeholder:"ALG" help:"RS256, PS256, ES256 or EdDSA. Unless given: the tenant's."`
	Immediately bool   `help:"Promote the published key now; refused while verifiers may not know it."`
	Force       bool   `help:"With --immediately: also while verifiers may not know it. Tokens may fail to verify."`
}

func (c *keysRotateCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		page, err := d.admin.RotateKey(d.ctx, d.actor, tenant, admin.RotationOrder{Alg: c.Alg, Immediately: c.Immediately, Force: c.Force})
		if err != nil {
			return err
		}
		return a.showKeys(page)
	})
}

type keysRevokeCmd struct {
	tenantFlag
	Kid          string `arg:"" optional:"" help:"The key's id."`
	AllTenants   bool   `help:"Revoke the keys of every tenant, with --leaked-before."`
	LeakedBefore string `placeholder:"TIME" help:"With --all-tenants: every key that was there before, such as 2026-01-01T00:00:00Z."`
	Yes          bool   `short:"y" help:"With --all-tenants: do not ask. Needed without a terminal, and with --json."`
}

func (c *keysRevokeCmd) Run(a *app) error {
	switch {
	case c.AllTenants && c.LeakedBefore == "" || !c.AllTenants && c.LeakedBefore != "":
		return usage("--all-tenants and --leaked-before go together")
	case c.AllTenants && (c.Kid != "" || c.Tenant != ""):
		return usage("--all-tenants revokes by time: leave out the kid and --tenant")
	case c.AllTenants:
		return c.revokeLeaked(a)
	case c.Kid == "":
		return usage("name the key's id, or give --all-tenants --leaked-before TIME")
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		r, err := d.admin.RevokeKey(d.ctx, d.actor, tenant, c.Kid)
		if err != nil {
			return err
		}
		a.warnOfReport(r.Signed)
		return a.show(r, func(w io.Writer) error { return a.printRevocation(w, tenant, r) })
	})
}

// warnOfReport says why a report is not whole. The revocation holds, so that this
// is no failure of the command.
func (a *app) warnOfReport(s admin.Signed) {
	if s.Err != nil {
		fmt.Fprintf(a.stderr, "%s (%v)\n", s.ReportError, s.Err)
	}
}

func (a *app) printRevocation(w io.Writer, tenant string, r *admin.Revocation) error {
	fmt.Fprintf(w, "Key %s is revoked: no node publishes it or signs with it any more.\n", r.Key.Kid)
	switch {
	case r.Until == nil:
		fmt.Fprintln(w, "It signed no tokens.")
	case r.ReportError != "":
		fmt.Fprintf(w, "What it signed could not be read in full. Verifiers that keep the JWKS may take its tokens until %s at the latest.\n", instant(*r.Until))
	default:
		fmt.Fprintf(w, "It signed for %s and %s. Verifiers that keep the JWKS may take its tokens until %s at the latest.\n",
			count(len(r.Clients), "client"), count(len(r.APIs), "API"), instant(*r.Until))
	}
	if len(r.Uses) > 0 {
		fmt.Fprintln(w)
		if err := writeTable(w, r.Uses, usesHeader, useRow); err != nil {
			return err
		}
	}
	if r.NextUses != "" || r.ReportError != "" {
		fmt.Fprintf(w, "\nEverything that it signed: gatehouse keys uses --tenant %s %s\n", tenant, r.Key.Kid)
	}
	fmt.Fprintln(w)
	return a.showKeys(admin.Page[admin.SigningKey]{Items: r.Keys})
}

const usesHeader = "HOUR|CLIENT|API|TOKENS (AT LEAST)|LAST EXPIRES"

func useRow(use tenants.FirstUse) []string {
	return []string{instant(use.Hour), use.ClientID, use.Audience, strconv.FormatInt(use.Count, 10), instant(use.LatestExpiry)}
}

type keysUsesCmd struct {
	tenantFlag
	Kid   string `arg:"" help:"The key's id. It may have been revoked or dropped."`
	Query string `short:"q" placeholder:"PREFIX" help:"Only clients whose client_id begins with it."`
	Limit int    `placeholder:"N" help:"At most so many. 0: all."`
}

func (c *keysUsesCmd) Run(a *app) error {
	if c.Limit < 0 {
		return usage("--limit: %d is negative; give how many rows to show, 0 for all", c.Limit)
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		uses, err := firstPages(c.Limit, c.Query, func(q admin.Query) (admin.Page[tenants.FirstUse], error) {
			return d.admin.KeyUses(d.ctx, d.actor, tenant, c.Kid, q)
		})
		if err != nil {
			return err
		}
		return showTable(a, uses, usesHeader, useRow)
	})
}

type keysDeleteCmd struct {
	tenantFlag
	Kid string `arg:"" help:"The key's id."`
}

func (c *keysDeleteCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		if err := d.admin.DeleteKey(d.ctx, d.actor, tenant, c.Kid); err != nil {
			return err
		}
		return a.done("Key %s is deleted.", c.Kid)
	})
}
