package cmd

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// revokeLeaked takes back the keys of all tenants, on the bad day.
func (c *keysRevokeCmd) revokeLeaked(a *app) error {
	before, err := time.Parse(time.RFC3339, c.LeakedBefore)
	if err != nil {
		return usage("--leaked-before %q is not an instant such as 2027-01-01T00:00:00Z (RFC 3339)", c.LeakedBefore)
	}
	if err := a.confirm(c.Yes, "Revoke every signing key of every tenant that was there before %s?", instant(before)); err != nil {
		return err
	}
	return a.atDesk(func(d *desk) error {
		leaks, failures := []admin.Leak{}, 0
		err := d.admin.RevokeLeaked(d.ctx, d.actor, before, func(l admin.Leak) {
			leaks = append(leaks, l)
			a.showLeak(l)
		}, func(tenant string, err error) {
			failures++
			fmt.Fprintf(a.stderr, "%s: %v\n", tenant, err)
		})
		if err == nil && failures > 0 {
			err = fmt.Errorf("%s failed: run this again", count(failures, "tenant"))
		}
		return cmp.Or(err, a.show(admin.Page[admin.Leak]{Items: leaks}, func(w io.Writer) error {
			if len(leaks) > 0 {
				return nil // shown
			}
			_, err := fmt.Fprintln(w, "No tenant has such a key.")
			return err
		}))
	})
}

// showLeak tells of a tenant as soon as it is done, whatever becomes of the
// rest. What cannot be told now can be asked for again.
func (a *app) showLeak(l admin.Leak) {
	a.warnOfReport(l.Signed)
	if a.json {
		fmt.Fprintf(a.stderr, "%s: %s revoked\n", l.Tenant, count(len(l.Kids), "key"))
		return
	}
	_ = a.showDetails(l, "tenant", l.Tenant, "revoked", strings.Join(l.Kids, " "), "clients with tokens", strings.Join(l.Clients, " "),
		"for APIs", strings.Join(l.APIs, " "), "tokens lived until", instantOr(l.Until, "-"))
	fmt.Fprintln(a.stdout)
}
