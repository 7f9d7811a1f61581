package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// applyCmd is `gatehouse apply`.
type applyCmd struct {
	File   string `short:"f" required:"" placeholder:"FILE" help:"YAML as gatehouse export prints it; - for the standard input."`
	DryRun bool   `help:"Tell what would change, and change nothing."`
}

// wholeFile is what a file says of a tenant.
type wholeFile struct {
	tenant object
	things map[string][]object // by the section's name
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

// Run makes the tenant as the file has it. What the file does not name stays as it
// is: nothing is deleted. Stopped by an error, it goes on where it is run again.
func (c *applyCmd) Run(a *app) error {
	file, err := readWhole(c.File)
	if err != nil {
		return err
	}
	return a.atDesk(func(d *desk) error {
		done := &applied{DryRun: c.DryRun, Changes: []appliedChange{}, Clients: []*admin.CreatedClient{}}
		err := d.applyWhole(file, done)
		if shown := d.show(done, done.print); err == nil {
			err = shown
		}
		return err
	})
}

func (d *desk) applyWhole(file *wholeFile, done *applied) error {
	slug, _ := file.tenant["slug"].(string)
	have, err := d.tenantObject(slug)
	if err != nil {
		return err
	}
	one := section{name: "tenant", key: []string{"slug"}, update: func(d *desk, _, _ string, p admin.Patch) error {
		_, err := d.admin.UpdateTenant(d.ctx, d.actor, slug, 0, p)
		return err
	}, create: func(d *desk, _ string, o object) (*admin.CreatedClient, error) { return nil, d.createTenant(o) }}
	if err := d.applyOne(&one, slug, have, file.tenant, done); err != nil {
		return err
	}
	for _, s := range sections() {
		if len(file.things[s.name]) == 0 {
			continue
		}
		var all []object
		if have != nil || !done.DryRun { // of a tenant that would be made there is nothing yet
			if all, err = s.list(d, slug); err != nil {
				return err
			}
		}
		for _, wanted := range file.things[s.name] {
			if err := d.applyOne(&s, slug, s.find(all, wanted), wanted, done); err != nil {
				return err
			}
		}
	}
	return nil
}

// applyOne makes one thing as it is wanted, where it is otherwise or missing.
func (d *desk) applyOne(s *section, tenant string, have, wanted object, done *applied) (err error) {
	change := appliedChange{Action: "create", Section: s.name, Key: s.label(wanted)}
	var patch admin.Patch
	if have != nil {
		patch = have.differences(wanted)
		change.Action, change.Members = "update", slices.Sorted(maps.Keys(patch))
	}
	if have != nil && len(patch) == 0 {
		return nil
	}
	var client *admin.CreatedClient
	switch {
	case done.DryRun:
	case have == nil:
		client, err = s.create(d, tenant, wanted)
	default:
		err = s.update(d, tenant, s.id(have), patch)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", s.name, change.Key, err)
	}
	done.Changes = append(done.Changes, change)
	if client != nil && client.Secret != "" && wanted["client_secret"] == nil { // whoever gave it knows it
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

// readWhole reads the file of a tenant. What it says of things is judged by the
// use cases.
func readWhole(path string) (*wholeFile, error) {
	in, name := os.Stdin, "standard input"
	if path != "-" {
		name = filepath.Base(path)
		opened, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		in = opened
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	return wholeOf(name, text)
}

func wholeOf(name string, text []byte) (*wholeFile, error) {
	inJSON, err := yaml.YAMLToJSON(text)
	var syntax yaml.Error
	if errors.As(err, &syntax) { // its own text would quote the file, secrets and all
		return nil, fmt.Errorf("%s:%d: %s", name, syntax.GetToken().Position.Line, syntax.GetMessage())
	} else if err != nil {
		return nil, fmt.Errorf("%s: is not YAML", name)
	}
	return parseWhole(name, inJSON)
}

func parseWhole(name string, inJSON []byte) (*wholeFile, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(inJSON, &members); err != nil {
		return nil, fmt.Errorf("%s: must be a mapping with a tenant, as gatehouse export prints it", name)
	}
	file := &wholeFile{things: map[string][]object{}}
	if json.Unmarshal(members["tenant"], &file.tenant) != nil || file.tenant["slug"] == nil {
		return nil, fmt.Errorf("%s: tenant: must be a mapping with at least the slug", name)
	}
	delete(members, "tenant")
	for _, s := range sections() {
		list, given := members[s.name]
		delete(members, s.name)
		if !given || bytes.Equal(list, []byte("null")) {
			continue
		}
		var things []object
		if err := json.Unmarshal(list, &things); err != nil {
			return nil, fmt.Errorf("%s: %s: must be a list of mappings", name, s.name)
		}
		for i, o := range things {
			for _, key := range s.key {
				if nothing(o[key]) {
					return nil, fmt.Errorf("%s: %s[%d]: %s is missing", name, s.name, i, key)
				}
			}
			if s.find(things[:i], o) != nil {
				return nil, fmt.Errorf("%s: %s[%d]: %s is listed twice", name, s.name, i, s.label(o))
			}
		}
		file.things[s.name] = things
	}
	for unknown := range members {
		return nil, fmt.Errorf("%s: %s is not known here: allowed are tenant, %s", name, unknown, sectionNames())
	}
	return file, nil
}

func sectionNames() string {
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}
