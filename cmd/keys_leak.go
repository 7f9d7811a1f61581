package cmd

import (
	"fmt"
	"io"
	"strconv"
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
			fmt.Fprintf(a.stderr, "%s: %s revoked\n", l.Tenant, count(len(l.Kids), "key"))
		}, func(tenant string, err error) {
			failures++
			fmt.Fprintf(a.stderr, "%s: %v\n", tenant, err)
		})
		if err == nil && failures > 0 {
			err = fmt.Errorf("%s failed: run this again", count(failures, "tenant"))
		}
		if shown := a.show(admin.Page[admin.Leak]{Items: leaks}, func(w io.Writer) error { return printLeaks(w, leaks) }); err == nil {
			err = shown
		}
		return err
	})
}

func printLeaks(w io.Writer, leaks []admin.Leak) error {
	if len(leaks) == 0 {
		_, err := fmt.Fprintln(w, "No tenant has such a key.")
		return err
	}
	t := newTable(w)
	t.row("TENANT", "REVOKED", "CLIENTS WITH TOKENS", "APIS", "TOKENS LIVED UNTIL")
	for _, l := range leaks {
		t.row(l.Tenant, strconv.Itoa(len(l.Kids)), strings.Join(l.Clients, " "), strings.Join(l.APIs, " "), instantOr(l.Until, "-"))
	}
	return t.Flush()
}
