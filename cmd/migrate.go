package cmd

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gatehouse-auth/gatehouse/store"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Apply what is pending; makes a missing SQLite file."`
	Status migrateStatusCmd `cmd:"" help:"List the steps of the schema. Exit code 1: something is pending."`
}

type migrateUpCmd struct{}

func (c *migrateUpCmd) Run(a *app) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	db, err := store.Open(a.ctx, string(settings.DatabaseURL), store.Options{Now: a.now})
	if err != nil {
		return err
	}
	return errors.Join(c.migrate(a, db), db.Close())
}

func (c *migrateUpCmd) migrate(a *app, db *store.DB) error {
	before, err := db.MigrationStatus(a.ctx)
	if err != nil {
		return err
	}
	if err := db.Migrate(a.ctx); err != nil {
		return err
	}
	if a.json {
		after, err := db.MigrationStatus(a.ctx)
		if err != nil {
			return err
		}
		return showTable(a, after, "", nil)
	}
	return a.done("The schema is up to date; %s applied.", count(pending(before), "step"))
}

type migrateStatusCmd struct{}

func (c *migrateStatusCmd) Run(a *app) error {
	_, db, err := a.openDatabase()
	if err != nil {
		return err
	}
	steps, err := db.MigrationStatus(a.ctx)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	err = showTable(a, steps, "STEP|NAME|APPLIED", func(m store.Migration) []string {
		return []string{strconv.FormatInt(m.Version, 10), m.Name, instantOr(m.AppliedAt, "pending")}
	})
	if err == nil && pending(steps) > 0 {
		err = fmt.Errorf("%s pending: run `gatehouse migrate up`", count(pending(steps), "step"))
	}
	return err
}

func pending(steps []store.Migration) int {
	n := 0
	for _, step := range steps {
		if step.AppliedAt == nil {
			n++
		}
	}
	return n
}
