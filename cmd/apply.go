package cmd

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// applyCmd is `gatehouse apply`.
type applyCmd struct {
	File   []string `short:"f" required:"" sep:"none" placeholder:"FILE" help:"YAML as gatehouse export prints it; - for the standard input."`
	DryRun bool     `help:"Tell what would change or is wrong, and change nothing."`
}

// applied is what apply did, or would do.
type applied struct {
	DryRun  bool                   `json:"dry_run"`
	Changes []appliedChange        `json:"changes"`
	Clients []*admin.CreatedClient `json:"clients"` // new ones, with their secrets
}

type appliedChange struct {
	Action  string   `json:"action"` // create or update
	Section string   `json:"section"`
	Key     string   `json:"key"`
	Members []string `json:"members,omitempty"` // that change
}

// errDryRun takes back what a dry run has changed.
var errDryRun = errors.New("this was a dry run")

// Run makes the tenant as the file has it, as a whole or, after an error, not at
// all. What the file does not name stays as it is: nothing is deleted. A dry run
// does the same and takes it back, so that it knows what would be refused.
func (c *applyCmd) Run(a *app) error {
	if len(c.File) > 1 {
		return usage("--file: one file is one tenant, and is made as a whole: give them one by one")
	}
	file, err := readWhole(c.File[0])
	if err != nil {
		return err
	}
	return a.atDesk(func(d *desk) error {
		done := &applied{DryRun: c.DryRun, Changes: []appliedChange{}, Clients: []*admin.CreatedClient{}}
		err := d.together(func(within *desk) error {
			if err := within.applyWhole(file, done); err != nil || !c.DryRun {
				return err
			}
			return errDryRun
		})
		if err != nil && !errors.Is(err, errDryRun) {
			return err
		}
		if c.DryRun {
			done.Clients = done.Clients[:0] // with secrets of clients that there are not
		}
		return d.show(done, done.print)
	})
}

func (d *desk) applyWhole(file *wholeFile, done *applied) error {
	slug, _ := file.tenant.members["slug"].(string)
	have, err := d.tenantObject(slug)
	if err != nil {
		return err
	}
	one := section{name: "tenant", key: []string{"slug"}, update: func(d *desk, _, _ string, p admin.Patch) error {
		_, err := d.admin.UpdateTenant(d.ctx, d.actor, slug, 0, p)
		return err
	}, create: func(d *desk, _ string, o object) (*admin.CreatedClient, error) { return nil, d.createTenant(o) }}
	if err := d.applyOne(&one, slug, have, file.tenant, done); err != nil {
		return file.at(file.tenant, err)
	}
	var late []func() error
	for _, s := range sections() {
		if len(file.things[s.name]) == 0 {
			continue
		}
		all, err := s.list(d, slug)
		if err != nil {
			return err
		}
		for _, wanted := range file.things[s.name] {
			apply := func() error { return d.applyOne(&s, slug, s.find(all, wanted.members), wanted, done) }
			if err := apply(); isInUse(err) { // by something that the file changes, too, it may be
				late = append(late, func() error { return file.at(wanted, apply()) })
			} else if err != nil {
				return file.at(wanted, err)
			}
		}
	}
	for _, apply := range late {
		if err := apply(); err != nil {
			return err
		}
	}
	return nil
}

// applyOne makes one thing as it is wanted, where it is otherwise or missing.
func (d *desk) applyOne(s *section, tenant string, have object, wanted thing, done *applied) (err error) {
	change := appliedChange{Action: "create", Section: s.name, Key: s.label(wanted.members)}
	var patch admin.Patch
	if have != nil {
		patch = have.differences(wanted.members)
		change.Action, change.Members = "update", slices.Sorted(maps.Keys(patch))
	}
	if have != nil && len(patch) == 0 {
		return nil
	}
	var client *admin.CreatedClient
	if have == nil {
		client, err = s.create(d, tenant, wanted.members)
	} else {
		err = s.update(d, tenant, s.id(have), patch)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", s.name, change.Key, err)
	}
	done.Changes = append(done.Changes, change)
	if client != nil && client.Secret != "" && wanted.members["client_secret"] == nil { // whoever gave it knows it
		done.Clients = append(done.Clients, client)
	}
	return nil
}

func (c *applied) print(w io.Writer) error {
	if len(c.Changes) == 0 {
		_, err := fmt.Fprintln(w, "Nothing to change.")
		return err
	}
	t := newTable(w)
	t.row("ACTION", "SECTION", "WHAT", "MEMBERS")
	for _, change := range c.Changes {
		t.row(change.Action, change.Section, change.Key, strings.Join(change.Members, " "))
	}
	if err := t.Flush(); err != nil || c.DryRun {
		if err == nil {
			_, err = fmt.Fprintln(w, "\nNothing was changed: this was a dry run.")
		}
		return err
	}
	for _, client := range c.Clients {
		if _, err := fmt.Fprintf(w, "\nclient_id      %s", client.ID); err != nil {
			return err
		}
		if err := printSecret(w, "client_secret", client.Secret); err != nil {
			return err
		}
	}
	return nil
}
