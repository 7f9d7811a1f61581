package cmd

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type usersCmd struct {
	Create usersCreateCmd `cmd:"" help:"Make a user."`
	List   usersListCmd   `cmd:"" help:"List a tenant's users; with --service-accounts also those that clients have."`
	Show   usersShowCmd   `cmd:"" help:"Show a user."`
	Update usersUpdateCmd `cmd:"" help:"Change a user. What no flag names stays."`
	Unlock usersUnlockCmd `cmd:"" help:"Let a user sign in at once who would have to wait after wrong passwords."`
	Delete usersDeleteCmd `cmd:"" help:"Delete a user with its API keys."`
}

// userFlags are what can be set and changed of a user.
type userFlags struct {
	Email            *string  `help:"E-mail address."`
	Name             *string  `help:"For people."`
	Group            []string `sep:"none" help:"Group that it is in, may be repeated: all of them. --group= for none."`
	Permission       []string `sep:"none" help:"Permission of its own, may be repeated: all of them. --permission= for none."`
	Profile          *string  `placeholder:"JSON" help:"Further fields, as a JSON object."`
	Status           *string  `help:"active or disabled."`
	PasswordFile     string   `name:"password-file" placeholder:"FILE" help:"File with the password, - for the standard input."`
	PasswordHashFile string   `name:"password-hash-file" placeholder:"FILE" help:"File with the hash of another system: argon2id, bcrypt, pbkdf2 or scrypt."`
}

// change adds the given flags to a merge patch.
func (f *userFlags) change(p change) error {
	p.text("email", f.Email)
	p.text("name", f.Name)
	p.text("status", f.Status)
	p.texts("groups", f.Group)
	p.texts("permissions", f.Permission)
	for name, path := range map[string]string{"password": f.PasswordFile, "password_hash": f.PasswordHashFile} {
		text, err := secretFrom(strings.ReplaceAll(name, "_", "-")+"-file", path)
		if err != nil {
			return err
		}
		if text != "" {
			p[name] = text
		}
	}
	if f.Profile == nil {
		return nil
	}
	var profile map[string]any
	if err := json.Unmarshal([]byte(*f.Profile), &profile); err != nil {
		return usage("--profile: %v; write an object such as '{\"team\":\"red\"}'", err)
	}
	p["profile"] = profile
	return nil
}

type usersCreateCmd struct {
	tenantFlag
	Username string `arg:""`
	ID       string `name:"id" help:"The sub of its tokens. Unless given: a new one."`
	userFlags
}

func (c *usersCreateCmd) Run(a *app) error {
	p := change{"username": c.Username}
	if c.ID != "" {
		p["id"] = c.ID
	}
	if err := c.change(p); err != nil {
		return err
	}
	return createFrom(a, c.Tenant, p, (*admin.Service).CreateUser, showUser)
}

type usersListCmd struct {
	tenantFlag
	list
	Group           string `help:"Only who is in this group."`
	Limit           int    `placeholder:"N" help:"At most so many. 0: all."`
	ServiceAccounts bool   `help:"The service accounts of clients, too. JSON has them always, as the admin API."`
}

func (c *usersListCmd) Run(a *app) error {
	if c.Limit < 0 {
		return usage("--limit: %d is negative; give how many users to show, 0 for all", c.Limit)
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		all, err := firstPages(c.Limit, c.Query, func(q admin.Query) (admin.Page[tenants.User], error) {
			page, err := d.admin.Users(d.ctx, d.actor, tenant, c.Group, q)
			if !c.ServiceAccounts && !a.json {
				page.Items = slices.DeleteFunc(page.Items, func(u tenants.User) bool { return u.ServiceAccountOf != "" })
			}
			return page, err
		})
		if err != nil {
			return err
		}
		return showTable(a, all, "ID|USERNAME|NAME|E-MAIL|STATUS|GROUPS", func(u tenants.User) []string {
			return []string{u.ID, u.Username, u.Name, u.Email, string(u.Status), strings.Join(u.Groups, ", ")}
		})
	})
}

// userID returns the id of the user that a command names by id or username.
func (d *desk) userID(tenant, name string) (string, error) {
	var refused *admin.Error
	_, err := d.admin.User(d.ctx, d.actor, tenant, name)
	if err == nil || !errors.As(err, &refused) || refused.Code != admin.CodeNotFound {
		return name, err
	}
	all, err := everyPage(name, func(q admin.Query) (admin.Page[tenants.User], error) {
		return d.admin.Users(d.ctx, d.actor, tenant, "", q)
	})
	for _, u := range all {
		if tenants.Fold(u.Username) == tenants.Fold(name) {
			return u.ID, nil
		}
	}
	return name, err
}

type usersShowCmd struct {
	tenantFlag
	User string `arg:"" help:"Username or id."`
}

func (c *usersShowCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		id, err := d.userID(tenant, c.User)
		if err != nil {
			return err
		}
		user, err := d.admin.User(d.ctx, d.actor, tenant, id)
		if err != nil {
			return err
		}
		return showUser(a, user)
	})
}

type usersUpdateCmd struct {
	tenantFlag
	User       string  `arg:"" help:"Username or id."`
	Username   *string `help:"What it signs in by."`
	NoPassword bool    `name:"no-password" help:"Take the password away."`
	userFlags
}

func (c *usersUpdateCmd) Run(a *app) error {
	p := change{}
	p.text("username", c.Username)
	if c.NoPassword {
		p["password"] = nil
	}
	if err := c.change(p); err != nil {
		return err
	}
	patch, err := p.patch()
	if err != nil {
		return err
	}
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		id, err := d.userID(tenant, c.User)
		if err != nil {
			return err
		}
		user, err := d.admin.UpdateUser(d.ctx, d.actor, tenant, id, 0, patch)
		if err != nil {
			return err
		}
		return showUser(a, user)
	})
}

type usersUnlockCmd struct {
	tenantFlag
	User string `arg:"" help:"Username or id."`
}

func (c *usersUnlockCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		id, err := d.userID(tenant, c.User)
		if err != nil {
			return err
		}
		if err := d.admin.UnlockUser(d.ctx, d.actor, tenant, id); err != nil {
			return err
		}
		return a.done("User %s need not wait.", c.User)
	})
}

type usersDeleteCmd struct {
	tenantFlag
	User string `arg:"" help:"Username or id."`
}

func (c *usersDeleteCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		id, err := d.userID(tenant, c.User)
		if err != nil {
			return err
		}
		if err := d.admin.DeleteUser(d.ctx, d.actor, tenant, id, 0); err != nil {
			return err
		}
		return a.done("User %s is deleted.", c.User)
	})
}

func showUser(a *app, u *tenants.User) error {
	return a.showDetails(u,
		"id", u.ID, "username", u.Username, "email", u.Email, "name", u.Name, "status", string(u.Status),
		"has_password", yesNo(u.HasPassword), "service_account_of", u.ServiceAccountOf, "groups", strings.Join(u.Groups, ", "),
		"permissions", strings.Join(u.Permissions, " "), "inherited_permissions", strings.Join(u.InheritedPermissions, " "),
		"profile", string(u.Profile), "created_at", instant(u.CreatedAt), "updated_at", instant(u.UpdatedAt))
}
