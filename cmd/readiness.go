package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// readiness returns the checks of /readyz, by name.
func (n *node) readiness() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"database": n.db.Ping, "migrations": n.migrated, "keys": n.keysOpen, "feed": n.fresh,
	}
}

// migrated is the readiness check of the schema.
func (n *node) migrated(ctx context.Context) error {
	state, err := n.db.SchemaState(ctx)
	if err == nil && state != store.SchemaCurrent {
		err = fmt.Errorf("the schema is %s", state)
	}
	return err
}

// keysOpen is the readiness check of the signing keys: the master key opens
// those of the operator tenant.
func (n *node) keysOpen(ctx context.Context) error {
	operator, err := n.directory.BySlug(ctx, tenants.OperatorSlug)
	if err != nil {
		return err
	}
	if _, err := n.peppers.MAC(ctx, operator.ID, "readiness"); err != nil {
		return err
	}
	_, err = n.rings.JWKS(ctx, operator.ID)
	return err
}

// fresh is the readiness check of the change feed.
func (n *node) fresh(context.Context) error {
	if n.follower.Staleness() > n.settings.MaxStaleness {
		return errors.New("no news from the database for too long")
	}
	return nil
}
