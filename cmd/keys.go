package cmd

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
)

type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List a tenant's signing keys with their states, and draw when they sign."`
	Rotate keysRotateCmd `cmd:"" help:"Have another key sign: published first, signing after its lead."`
	Revoke keysRevokeCmd `cmd:"" help:"Take a key out of use at once, and report what it signed."`
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
		return a.show(r, func(w io.Writer) error { return a.printRevocation(w, r) })
	})
}

func (a *app) printRevocation(w io.Writer, r *admin.Revocation) error {
	fmt.Fprintf(w, "Key %s is revoked: no node publishes it or signs with it any more.\n", r.Key.Kid)
	if len(r.Uses) == 0 {
		fmt.Fprintln(w, "It signed no tokens.")
	} else {
		fmt.Fprintf(w, "It signed for %s and %s. Verifiers that keep the JWKS may take its tokens until %s at the latest:\n\n",
			count(len(r.Clients), "client"), count(len(r.APIs), "API"), instantOr(r.Until, "-"))
		t := newTable(w)
		t.row("HOUR", "CLIENT", "API", "TOKENS (AT LEAST)", "LAST EXPIRES")
		for _, use := range r.Uses {
			t.row(instant(use.Hour), use.ClientID, use.Audience, strconv.FormatInt(use.Count, 10), instant(use.LatestExpiry))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	return a.showKeys(admin.Page[admin.SigningKey]{Items: r.Keys})
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
