package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// app is what every command gets.
type app struct {
	ctx            context.Context
	stdout, stderr io.Writer
	now            func() time.Time
	json           bool
	brief          bool // leave out what is not set
	environ        []string
	config         string // path of the YAML file, empty unless given as a flag
	flags          layer
	loaded         *Settings
	further        further
}

// settings reads the settings when a command first asks for them, so that
// `gatehouse version` works with wrong ones.
func (a *app) settings() (*Settings, error) {
	if a.loaded != nil {
		return a.loaded, nil
	}
	settings, err := LoadSettings(a.configFile(), a.environ, a.flags)
	if err != nil {
		return nil, err
	}
	settings.further = a.further
	a.loaded = settings
	return settings, nil
}

// given returns the settings that were given, as they were written.
func (a *app) given() (layer, error) { return givenSettings(a.configFile(), a.environ, a.flags) }

// configFile returns the path of the YAML file, empty for none.
func (a *app) configFile() string {
	if a.config != "" {
		return a.config
	}
	for _, entry := range a.environ {
		if path, ok := strings.CutPrefix(entry, configVariable+"="); ok {
			return path
		}
	}
	return ""
}

// desk is an opened database with everything to work on it.
type desk struct {
	*app
	settings *Settings
	db       *store.DB
	sealer   *keys.Sealer
	admin    *admin.Service
	actor    admin.Actor
}

// openDatabase opens the database and no more. It makes no SQLite file:
// one that does not exist is an error.
func (a *app) openDatabase() (*Settings, *store.DB, error) {
	settings, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	if path, sqlite := settings.DatabaseURL.SQLitePath(); sqlite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("there is no database at %s: run `gatehouse serve` or `gatehouse migrate up` first, or correct database_url", path)
		}
	}
	db, err := store.Open(a.ctx, string(settings.DatabaseURL), store.Options{Now: a.now})
	return settings, db, err
}

// atDesk opens what a command needs, has it work, and closes it. It refuses a
// database whose schema or master key does not fit.
func (a *app) atDesk(work func(*desk) error) error {
	settings, db, err := a.openDatabase()
	if err != nil {
		return err
	}
	d := &desk{app: a, settings: settings, db: db, actor: actor()}
	if err := d.open(); err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(work(d), db.Close())
}

func (d *desk) open() error {
	state, err := d.db.SchemaState(d.ctx)
	if err != nil {
		return err
	}
	if state != store.SchemaCurrent {
		return schemaError(state)
	}
	if empty, err := d.db.Empty(d.ctx); err != nil {
		return err
	} else if empty {
		return errors.New("the database has no tenants yet: start `gatehouse serve` once, it makes the operator's tenant")
	}
	if d.sealer, err = openSealer(d.ctx, d.settings, d.db); err != nil {
		return err
	}
	if err := checkMasterKey(d.ctx, d.db, d.sealer); err != nil {
		return err
	}
	if err := d.findPublicURL(); err != nil {
		return err
	}
	return d.use(d.db)
}

// findPublicURL takes the public URL from the issuer of the operator's tenant
// where no setting gives one: a shell that lacks the server's environment would
// else make tenants with issuers that nobody serves, for ever.
func (d *desk) findPublicURL() error {
	if _, given := d.settings.origins["public_url"]; given {
		return nil
	}
	operator, err := d.db.Tenant(d.ctx, tenants.OperatorSlug)
	if errors.Is(err, tenants.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if base, below := strings.CutSuffix(operator.Issuer, "/t/"+tenants.OperatorSlug); below {
		d.settings.PublicURL, d.settings.origins["public_url"] = base, "the operator's tenant"
	}
	return nil
}

// use makes the use cases work on a database.
func (d *desk) use(db *store.DB) error {
	publicURL, err := url.Parse(d.settings.PublicURL)
	if err != nil {
		return err
	}
	d.db, d.admin = db, newAdmin(d.settings, publicURL, db, d.sealer, keys.NewPeppers(db, d.sealer), nil, nil)
	return nil
}

// together does work whose changes are all made, or none where it fails.
func (d *desk) together(work func(*desk) error) error {
	return d.db.Together(d.ctx, func(db *store.DB) error {
		within := *d
		if err := within.use(db); err != nil {
			return err
		}
		return work(&within)
	})
}

// warn prints what is hardly wanted, for whom a server's log does not reach.
func (d *desk) warn() {
	for _, advice := range d.settings.advice(d.ctx, d.db) {
		fmt.Fprintf(d.stderr, "gatehouse: warning: %s\n", advice)
	}
}

// schemaError says what to do about a schema that is not as this program needs.
func schemaError(state store.SchemaState) error {
	switch state {
	case store.SchemaEmpty:
		return errors.New("the database is empty: run `gatehouse serve` or `gatehouse migrate up` first")
	case store.SchemaOlder:
		return errors.New("the database schema is older than this program: run `gatehouse migrate up`")
	case store.SchemaMigrating:
		return errors.New("another process is migrating the database: try again when it is done")
	case store.SchemaNewer:
		return fmt.Errorf("%w: use the version of gatehouse that migrated it, or a newer one", store.ErrSchemaNewer)
	}
	return fmt.Errorf("the database schema is %s", state)
}

// actor is the user of the operating system, who may do everything: whoever
// holds the database and the master key does.
func actor() admin.Actor {
	name := "uid " + strconv.Itoa(os.Getuid())
	if who, err := user.Current(); err == nil && who.Username != "" {
		name = who.Username
	}
	return admin.Actor{Name: "cli:" + name, Scopes: admin.AllScopes()}
}

// atTenant is atDesk for a command about one tenant: the given one, or the
// only one of single-tenant mode.
func (a *app) atTenant(slug string, work func(d *desk, tenant string) error) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	if slug == "" {
		slug = settings.DefaultTenant
	}
	if slug == "" {
		return usage("--tenant is missing: give the tenant's slug (`gatehouse tenants list` shows them)")
	}
	return a.atDesk(func(d *desk) error { return work(d, slug) })
}
