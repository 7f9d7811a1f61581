package cmd

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type auditCmd struct {
	List auditListCmd `cmd:"" help:"List what happened, newest first: to a tenant, or to all, deleted ones included."`
}

type auditListCmd struct {
	Tenant string  `short:"t" placeholder:"SLUG" help:"Only what happened to this tenant. May always be left out."`
	Since  *string `placeholder:"DATE" help:"Only what happened since: 2026-01-31 or 2026-01-31T12:00:00Z."`
	Query  string  `short:"q" placeholder:"PREFIX" help:"Only actions or targets that begin with it."`
	Limit  int     `default:"50" help:"At most so many. 0: all."`
}

func (c *auditListCmd) Run(a *app) error {
	var since time.Time
	if c.Since != nil {
		at, err := parseExpiry("since", *c.Since)
		if err != nil || at == nil {
			return usage("--since: %q is no instant; write 2026-01-31 or 2026-01-31T12:00:00Z", *c.Since)
		}
		since = *at
	}
	if c.Limit < 0 {
		return usage("--limit: %d is negative; give how many events to show, 0 for all", c.Limit)
	}
	return a.atDesk(func(d *desk) error {
		if c.Tenant == "" {
			return c.showAll(d, since)
		}
		events, err := c.read(func(q admin.Query) (admin.Page[tenants.AuditEvent], error) {
			return d.admin.AuditEvents(d.ctx, d.actor, c.Tenant, since, q)
		})
		if err != nil {
			return err
		}
		return showTable(a, events, "AT|ACTOR|ACTION|TARGET|DETAILS", eventRow)
	})
}

// showAll shows the events of all tenants, with the slug of each that is there
// and the id of each that is not any more.
func (c *auditListCmd) showAll(d *desk, since time.Time) error {
	events, err := c.read(func(q admin.Query) (admin.Page[tenants.AuditEvent], error) {
		return d.admin.AllAuditEvents(d.ctx, d.actor, since, q)
	})
	if err != nil {
		return err
	}
	known, err := everyPage("", func(q admin.Query) (admin.Page[tenants.Tenant], error) { return d.admin.Tenants(d.ctx, d.actor, q) })
	if err != nil {
		return err
	}
	slugs := map[string]string{}
	for i := range known {
		slugs[known[i].ID] = known[i].Slug
	}
	return showTable(d.app, events, "AT|TENANT|ACTOR|ACTION|TARGET|DETAILS", func(e tenants.AuditEvent) []string {
		return slices.Insert(eventRow(e), 1, cmp.Or(slugs[e.TenantID], e.TenantID))
	})
}

func eventRow(e tenants.AuditEvent) []string {
	details := ""
	if len(e.Details) > 0 {
		text, err := json.Marshal(e.Details)
		if err != nil {
			text = []byte("?")
		}
		details = string(text)
	}
	return []string{instant(e.At), e.Actor, e.Action, e.Target, details}
}

func (c *auditListCmd) read(page func(admin.Query) (admin.Page[tenants.AuditEvent], error)) ([]tenants.AuditEvent, error) {
	query := admin.Query{Size: 200, Prefix: c.Query}
	var events []tenants.AuditEvent
	for {
		if c.Limit > 0 {
			query.Size = min(200, c.Limit-len(events))
		}
		page, err := page(query)
		if err != nil {
			return nil, err
		}
		events = append(events, page.Items...)
		query.PageToken = page.NextPageToken
		if query.PageToken == "" || c.Limit > 0 && len(events) >= c.Limit {
			return events, nil
		}
	}
}
