package cmd

import (
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type impersonationRulesCmd struct {
	Create rulesCreateCmd `cmd:"" help:"Let somebody become somebody."`
	List   rulesListCmd   `cmd:"" help:"List who may become whom."`
	Show   rulesShowCmd   `cmd:"" help:"Show a rule."`
	Update rulesUpdateCmd `cmd:"" help:"Change a rule, but for whom it names. What no flag names stays."`
	Delete rulesDeleteCmd `cmd:"" help:"End a rule at once. Tokens that it gave live until they expire."`
}

// ruleFlags are what can be set and changed of a rule.
type ruleFlags struct {
	Description       *string       `help:"For people."`
	RequireReason     *bool         `negatable:"" help:"Refuse requests that give no reason."`
	MaxLifetime       *wholeSeconds `placeholder:"SECONDS" help:"Longest life of the tokens. 0: as long as the actor's."`
	Scope             []string      `sep:"none" help:"Scope that the tokens may have, beside what the actor's has, may be repeated. --scope= for none."`
	AllScopes         bool          `help:"All that the actor's token has. This is so unless --scope is given."`
	ExceedPermissions *bool         `negatable:"" help:"Also if the target, which must be a user, has more permissions than the actor."`
	Status            *string       `help:"active or disabled."`
}

// change makes a merge patch of the given flags.
func (f *ruleFlags) change() (change, error) {
	p := change{}
	p.text("description", f.Description)
	p.text("status", f.Status)
	p.seconds("max_lifetime", f.MaxLifetime)
	p.texts("scopes", f.Scope)
	if f.AllScopes {
		if f.Scope != nil {
			return nil, usage("--all-scopes and --scope exclude each other")
		}
		p["scopes"] = nil
	}
	p.flag("require_reason", f.RequireReason)
	p.flag("exceed_permissions", f.ExceedPermissions)
	return p, nil
}

type rulesCreateCmd struct {
	tenantFlag
	Actor  string `required:"" placeholder:"KIND:NAME" help:"Who acts: user:USERNAME, group:NAME or client:CLIENT_ID. A user may be named by id, too."`
	Target string `required:"" placeholder:"KIND:NAME" help:"Whom to become: user:USERNAME or group:NAME."`
	ruleFlags
}

func (c *rulesCreateCmd) Run(a *app) error {
	p, err := c.change()
	if err != nil {
		return err
	}
	if p["actor"], err = parseParty("actor", c.Actor); err != nil {
		return err
	}
	if p["target"], err = parseParty("target", c.Target); err != nil {
		return err
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		for _, party := range []any{p["actor"], p["target"]} {
			if err := d.findUser(tenant, party.(map[string]string)); err != nil {
				return err
			}
		}
		var n admin.NewImpersonationRule
		if err := fit(p, &n); err != nil {
			return err
		}
		return showFound(d, showRule)(d.admin.CreateImpersonationRule(d.ctx, d.actor, tenant, n))
	})
}

// findUser puts the id of a party that is a user in the place of its name.
func (d *desk) findUser(tenant string, party map[string]string) (err error) {
	if name, is := party["user"]; is {
		party["user"], err = d.userID(tenant, name)
	}
	return err
}

// parseParty reads KIND:NAME.
func parseParty(flag, text string) (map[string]string, error) {
	kind, name, found := strings.Cut(text, ":")
	if !found || name == "" || kind != "user" && kind != "group" && kind != "client" {
		return nil, usage("--%s: %q names nobody; write user:USERNAME, group:NAME or client:CLIENT_ID", flag, text)
	}
	return map[string]string{kind: name}, nil
}

type rulesListCmd struct {
	tenantFlag
	list
}

func (c *rulesListCmd) Run(a *app) error {
	return listThings(a, c.Tenant, c.Query, (*admin.Service).ImpersonationRules, "ID|ACTOR|TARGET|STATUS|REASON|MAX LIFETIME|SCOPES|EXCEEDS|DESCRIPTION", func(r tenants.ImpersonationRule) []string {
		return []string{
			r.ID, partyText(r.Actor), partyText(r.Target), string(r.Status), yesNo(r.RequireReason), seconds(r.MaxLifetime),
			boundText(r.Scopes), yesNo(r.ExceedPermissions), r.Description,
		}
	})
}

type rulesShowCmd struct {
	tenantFlag
	ID string `arg:"" help:"Its id; gatehouse impersonation-rules list shows it."`
}

func (c *rulesShowCmd) Run(a *app) error {
	return showThing(a, c.Tenant, c.ID, (*admin.Service).ImpersonationRule, showRule)
}

type rulesUpdateCmd struct {
	tenantFlag
	ID string `arg:"" help:"Its id; gatehouse impersonation-rules list shows it."`
	ruleFlags
}

func (c *rulesUpdateCmd) Run(a *app) error {
	p, err := c.change()
	if err != nil {
		return err
	}
	patch, err := p.patch()
	if err != nil {
		return err
	}
	return changeThing(a, c.Tenant, c.ID, patch, (*admin.Service).UpdateImpersonationRule, showRule)
}

type rulesDeleteCmd struct {
	tenantFlag
	ID string `arg:"" help:"Its id; gatehouse impersonation-rules list shows it."`
}

func (c *rulesDeleteCmd) Run(a *app) error {
	return endThing(a, c.Tenant, c.ID, (*admin.Service).DeleteImpersonationRule, "Rule %s is ended.")
}

func showRule(a *app, r *tenants.ImpersonationRule) error {
	return a.showDetails(r,
		"id", r.ID, "description", r.Description, "status", string(r.Status), "actor", partyText(r.Actor), "target", partyText(r.Target),
		"require_reason", yesNo(r.RequireReason), "max_lifetime", seconds(r.MaxLifetime), "scopes", boundText(r.Scopes),
		"exceed_permissions", yesNo(r.ExceedPermissions), "created_at", instant(r.CreatedAt), "updated_at", instant(r.UpdatedAt))
}

func partyText(p tenants.Party) string {
	switch {
	case p.User != "":
		return "user:" + p.User
	case p.Group != "":
		return "group:" + p.Group
	}
	return "client:" + p.Client
}

// boundText shows what bounds scopes; "all" where nothing does.
func boundText(scopes []string) string {
	switch {
	case scopes == nil:
		return "all"
	case len(scopes) == 0:
		return "none"
	}
	return strings.Join(scopes, " ")
}
