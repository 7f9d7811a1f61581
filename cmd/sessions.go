package cmd

import (
	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type sessionsCmd struct {
	List   sessionsListCmd   `cmd:"" help:"List the browsers in which a user is signed in."`
	Revoke sessionsRevokeCmd `cmd:"" help:"Sign a user out, of one browser or of all."`
}

type sessionsListCmd struct{ ofUser }

func (c *sessionsListCmd) Run(a *app) error {
	return c.at(a, func(d *desk, tenant, userID string) error {
		all, err := everyPage("", func(q admin.Query) (admin.Page[tenants.Session], error) {
			return d.admin.Sessions(d.ctx, d.actor, tenant, userID, q)
		})
		if err != nil {
			return err
		}
		return showTable(a, all, "ID|SIGNED IN|LAST USED|ENDS|ADDRESS|BROWSER", func(s tenants.Session) []string {
			return []string{s.ID, instant(s.CreatedAt), instant(s.SeenAt), instant(s.ExpiresAt), s.Address, s.UserAgent}
		})
	})
}

type sessionsRevokeCmd struct {
	ofUser
	ID  string `arg:"" optional:"" help:"The id; gatehouse sessions list shows it."`
	All bool   `help:"All of the user's sessions."`
}

func (c *sessionsRevokeCmd) Run(a *app) error {
	if (c.ID == "") != c.All {
		return usage("name a session by its id, or all of them by --all")
	}
	return c.at(a, func(d *desk, tenant, userID string) error {
		if c.All {
			if err := d.admin.RevokeSessions(d.ctx, d.actor, tenant, userID); err != nil {
				return err
			}
			return a.done("%s is signed out everywhere.", c.User)
		}
		if err := d.admin.RevokeSession(d.ctx, d.actor, tenant, userID, c.ID); err != nil {
			return err
		}
		return a.done("The session %s is over.", c.ID)
	})
}
