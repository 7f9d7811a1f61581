package cmd

import (
	"encoding/json"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type trustedIssuersCmd struct {
	Create issuersCreateCmd `cmd:"" help:"Trust an issuer to say who a workload is."`
	List   issuersListCmd   `cmd:"" help:"List whom a tenant trusts."`
	Show   issuersShowCmd   `cmd:"" help:"Show a trusted issuer."`
	Update issuersUpdateCmd `cmd:"" help:"Change a trusted issuer. What no flag names stays."`
	Delete issuersDeleteCmd `cmd:"" help:"End the trust in an issuer at once."`
}

// issuerFlags are what can be set and changed of a trusted issuer.
type issuerFlags struct {
	Name        *string       `help:"For people."`
	JWKSURI     *string       `name:"jwks-uri" placeholder:"URL" help:"Where its public keys are. --jwks-uri= for nowhere."`
	JWKS        *string       `name:"jwks" placeholder:"FILE" help:"File with its public keys instead, - for the standard input. --jwks= for none."`
	Audience    []string      `sep:"none" help:"What its assertions must be for, may be repeated. Unless given: the tenant's issuer."`
	SigningAlg  []string      `sep:"," placeholder:"ALG" help:"RS256, PS256, ES256 or EdDSA, may be repeated. Unless given: all that its keys have."`
	MaxLifetime *wholeSeconds `name:"max-assertion-lifetime" placeholder:"SECONDS" help:"How far ahead an expiry may lie. 0: 3600."`
	Reusable    *bool         `name:"reusable-assertions" negatable:"" help:"Its assertions are good until they expire; those of others are used once."`
	Rule        []string      `sep:"none" placeholder:"CLIENT_ID=SUBJECT" help:"Workload that may use a client, may be repeated. The subject may end in :* or /*. --rule= for none."`
	Rules       *string       `placeholder:"FILE" help:"File with all rules as JSON, with claims, scopes and users."`
	Status      *string       `help:"active or disabled."`
}

// change makes a merge patch of the given flags.
func (f *issuerFlags) change() (change, error) {
	p := change{}
	p.text("name", f.Name)
	p.text("status", f.Status)
	p.texts("audiences", f.Audience)
	p.texts("signing_algs", f.SigningAlg)
	p.seconds("max_assertion_lifetime", f.MaxLifetime)
	p.flag("reusable_assertions", f.Reusable)
	if f.JWKSURI != nil {
		if p["jwks_uri"] = nil; *f.JWKSURI != "" {
			p["jwks_uri"] = *f.JWKSURI
		}
	}
	if err := p.file("jwks", f.JWKS); err != nil {
		return nil, err
	}
	if f.Rule != nil {
		rules, err := parseRules(repeated(f.Rule))
		if err != nil {
			return nil, err
		}
		p["rules"] = rules
	}
	return p, p.file("rules", f.Rules)
}

// file adds the JSON that a file holds; an empty path takes it away.
func (p change) file(name string, path *string) error {
	if path == nil {
		return nil
	}
	text, err := secretFrom(name, *path)
	if err != nil {
		return err
	}
	var value any
	if text != "" && json.Unmarshal([]byte(text), &value) != nil {
		return usage("--%s: the file holds no JSON", name)
	}
	p[name] = value
	return nil
}

func parseRules(values []string) ([]map[string]any, error) {
	rules := []map[string]any{}
	for _, value := range values {
		client, subject, found := strings.Cut(value, "=")
		if !found {
			return nil, usage("--rule: %q is no rule; write CLIENT_ID=SUBJECT", value)
		}
		rules = append(rules, map[string]any{"client_id": client, "subject": subject})
	}
	return rules, nil
}

type issuersCreateCmd struct {
	tenantFlag
	Issuer string `arg:"" help:"The iss of its assertions, such as https://token.actions.githubusercontent.com."`
	issuerFlags
}

func (c *issuersCreateCmd) Run(a *app) error {
	p, err := c.change()
	if err != nil {
		return err
	}
	p["issuer"] = c.Issuer
	return createFrom(a, c.Tenant, p, (*admin.Service).CreateTrustedIssuer, showIssuer)
}

type issuersListCmd struct {
	tenantFlag
	list
}

func (c *issuersListCmd) Run(a *app) error {
	return listThings(a, c.Tenant, c.Query, (*admin.Service).TrustedIssuers, "ID|ISSUER|NAME|STATUS|RULES", func(t tenants.TrustedIssuer) []string {
		return []string{t.ID, t.Issuer, t.Name, string(t.Status), rulesText(t.Rules)}
	})
}

type issuersShowCmd struct {
	tenantFlag
	Issuer string `arg:"" help:"Its issuer or id."`
}

func (c *issuersShowCmd) Run(a *app) error {
	return showThing(a, c.Tenant, c.Issuer, (*admin.Service).TrustedIssuer, showIssuer)
}

type issuersUpdateCmd struct {
	tenantFlag
	Issuer string `arg:"" help:"Its issuer or id."`
	issuerFlags
}

func (c *issuersUpdateCmd) Run(a *app) error {
	p, err := c.change()
	if err != nil {
		return err
	}
	patch, err := p.patch()
	if err != nil {
		return err
	}
	return changeThing(a, c.Tenant, c.Issuer, patch, (*admin.Service).UpdateTrustedIssuer, showIssuer)
}

type issuersDeleteCmd struct {
	tenantFlag
	Issuer string `arg:"" help:"Its issuer or id."`
}

func (c *issuersDeleteCmd) Run(a *app) error {
	return endThing(a, c.Tenant, c.Issuer, (*admin.Service).DeleteTrustedIssuer, "Issuer %s is not trusted any more.")
}

func showIssuer(a *app, t *tenants.TrustedIssuer) error {
	keys := t.JWKSURI
	if keys == "" {
		keys = "given"
	}
	return a.showDetails(t,
		"id", t.ID, "issuer", t.Issuer, "name", t.Name, "status", string(t.Status), "keys", keys, "audiences", strings.Join(t.Audiences, " "),
		"signing_algs", strings.Join(t.SigningAlgs, " "), "max_assertion_lifetime", seconds(t.MaxLifetime),
		"reusable_assertions", yesNo(t.Reusable), "rules", rulesText(t.Rules), "created_at", instant(t.CreatedAt), "updated_at", instant(t.UpdatedAt))
}

func rulesText(rules []tenants.TrustRule) string {
	texts := make([]string, len(rules))
	for i, rule := range rules {
		texts[i] = rule.ClientID + "=" + rule.Subject
	}
	return strings.Join(texts, " ")
}
