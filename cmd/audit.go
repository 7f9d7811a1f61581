package cmd

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type auditCmd struct {
	List auditListCmd `cmd:"" help:"List what happened to a tenant, newest first."`
}

type auditListCmd struct {
	tenantFlag
	Since *string `placeholder:"DATE" help:"Only what happened since: 2026-01-31 or 2026-01-31T12:00:00Z."`
	Query string  `short:"q" placeholder:"PREFIX" help:"Only actions or targets that begin with it."`
	Limit int     `default:"50" help:"At most so many. 0: all."`
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
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		events, err := c.read(d, tenant, since)
		if err != nil {
			return err
		}
		return showTable(a, events, "AT|ACTOR|ACTION|TARGET|DETAILS", func(e tenants.AuditEvent) []string {
			details := ""
			if len(e.Details) > 0 {
				text, err := json.Marshal(e.Details)
				if err != nil {
					text = []byte("?")
				}
				details = string(text)
			}
			return []string{instant(e.At), e.Actor, e.Action, e.Target, details}
		})
	})
}

func (c *auditListCmd) read(d *desk, tenant string, since time.Time) ([]tenants.AuditEvent, error) {
	query := admin.Query{Size: 200, Prefix: c.Query}
	var events []tenants.AuditEvent
	for {
		if c.Limit > 0 {
			query.Size = min(200, c.Limit-len(events))
		}
		page, err := d.admin.AuditEvents(d.ctx, d.actor, tenant, since, query)
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
