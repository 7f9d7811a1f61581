package cmd

import (
	"io"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type apiKeysCmd struct {
	Create apiKeysCreateCmd `cmd:"" help:"Make an API key of a user or service account. It is shown once."`
	List   apiKeysListCmd   `cmd:"" help:"List a user's API keys, without the keys themselves."`
	Show   apiKeysShowCmd   `cmd:"" help:"Show an API key, without the key itself."`
	Update apiKeysUpdateCmd `cmd:"" help:"Change an API key. What no flag names stays."`
	Delete apiKeysDeleteCmd `cmd:"" help:"End an API key at once."`
}

// ofUser names the user whose keys a command is about.
type ofUser struct {
	tenantFlag
	User string `required:"" short:"u" help:"Username or id; oauth_CLIENT_ID for a service account."`
}

// at is atTenant for a command about a user's keys.
func (f *ofUser) at(a *app, work func(d *desk, tenant, userID string) error) error {
	return a.atTenant(f.Tenant, func(d *desk, tenant string) error {
		id, err := d.userID(tenant, f.User)
		if err != nil {
			return err
		}
		return work(d, tenant, id)
	})
}

type apiKeysCreateCmd struct {
	ofUser
	Name    string   `arg:"" help:"What it is for."`
	Prefix  string   `help:"What the key begins with. Unless given: the tenant's slug."`
	Scope   []string `sep:"none" help:"Bounds what it is exchanged for, may be repeated. Unless given: no bound."`
	Expires *string  `placeholder:"DATE" help:"From when on it is refused: 2027-01-01, 2027-01-01T12:00:00Z or never."`
}

func (c *apiKeysCreateCmd) Run(a *app) error {
	p := change{"name": c.Name, "prefix": c.Prefix}
	p.texts("scopes", c.Scope)
	if err := p.expiry(c.Expires); err != nil {
		return err
	}
	var n admin.NewAPIKey
	if err := fit(p, &n); err != nil {
		return err
	}
	return c.at(a, func(d *desk, tenant, userID string) error {
		made, err := d.admin.CreateAPIKey(d.ctx, d.actor, tenant, userID, n)
		if err != nil {
			return err
		}
		return a.show(made, func(w io.Writer) error {
			if err := showAPIKey(a, made.APIKey); err != nil {
				return err
			}
			return printSecret(w, "key", made.Text)
		})
	})
}

type apiKeysListCmd struct {
	ofUser
	list
}

func (c *apiKeysListCmd) Run(a *app) error {
	return c.at(a, func(d *desk, tenant, userID string) error {
		all, err := everyPage(c.Query, func(q admin.Query) (admin.Page[tenants.APIKey], error) {
			return d.admin.APIKeys(d.ctx, d.actor, tenant, userID, q)
		})
		if err != nil {
			return err
		}
		return showTable(a, all, "ID|NAME|BEGINS|ENDS IN|EXPIRES|LAST USED", func(k tenants.APIKey) []string {
			return []string{k.ID, k.Name, k.Prefix + ".", k.Hint, instantOr(k.ExpiresAt, "never"), instantOr(k.LastUsedAt, "never")}
		})
	})
}

// theKey names a key; gatehouse api-keys list shows the ids.
type theKey struct {
	ofUser
	ID string `arg:"" help:"The id, not the key."`
}

type apiKeysShowCmd struct{ theKey }

func (c *apiKeysShowCmd) Run(a *app) error {
	return c.at(a, func(d *desk, tenant, userID string) error {
		key, err := d.admin.APIKey(d.ctx, d.actor, tenant, userID, c.ID)
		if err != nil {
			return err
		}
		return showAPIKey(a, key)
	})
}

type apiKeysUpdateCmd struct {
	theKey
	Name    *string  `help:"What it is for."`
	Scope   []string `sep:"none" help:"Bounds what it is exchanged for, may be repeated."`
	Expires *string  `placeholder:"DATE" help:"From when on it is refused: 2027-01-01, 2027-01-01T12:00:00Z or never."`
}

func (c *apiKeysUpdateCmd) Run(a *app) error {
	p := change{}
	p.text("name", c.Name)
	p.texts("scopes", c.Scope)
	if err := p.expiry(c.Expires); err != nil {
		return err
	}
	patch, err := p.patch()
	if err != nil {
		return err
	}
	return c.at(a, func(d *desk, tenant, userID string) error {
		key, err := d.admin.UpdateAPIKey(d.ctx, d.actor, tenant, userID, c.ID, patch)
		if err != nil {
			return err
		}
		return showAPIKey(a, key)
	})
}

type apiKeysDeleteCmd struct{ theKey }

func (c *apiKeysDeleteCmd) Run(a *app) error {
	return c.at(a, func(d *desk, tenant, userID string) error {
		if err := d.admin.DeleteAPIKey(d.ctx, d.actor, tenant, userID, c.ID); err != nil {
			return err
		}
		return a.done("API key %s is refused from now on.", c.ID)
	})
}

func showAPIKey(a *app, k *tenants.APIKey) error {
	scopes := "no bound"
	if k.Scopes != nil {
		scopes = strings.Join(k.Scopes, " ")
	}
	return a.showDetails(k,
		"id", k.ID, "user_id", k.UserID, "name", k.Name, "begins", k.Prefix+".", "ends in", k.Hint, "scopes", scopes,
		"created_at", instant(k.CreatedAt), "expires_at", instantOr(k.ExpiresAt, "never"), "last_used_at", instantOr(k.LastUsedAt, "never"))
}
