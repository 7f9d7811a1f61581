package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// rewrapBatch is how much is read at once when everything is wrapped anew.
const rewrapBatch = 100

type masterKeyCmd struct {
	Generate masterKeyGenerateCmd `cmd:"" help:"Print a new master key."`
	Rotate   masterKeyRotateCmd   `cmd:"" help:"Wrap everything that is sealed by the first master key of the list, beside running servers."`
}

type masterKeyGenerateCmd struct{}

func (c *masterKeyGenerateCmd) Run(a *app) error {
	key := keys.GenerateMasterKey()
	return a.show(map[string]string{"master_key": key}, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, key)
		return err
	})
}

type masterKeyRotateCmd struct{}

// rewrapped is what a rotation of the master key did.
type rewrapped struct {
	MasterKey string `json:"master_key_id"`
	Rewrapped int64  `json:"rewrapped"`
	// Unneeded are the ids of given master keys that seal nothing any more.
	Unneeded []string `json:"unneeded"`
}

func (c *masterKeyRotateCmd) Run(a *app) error {
	return a.atDesk(func(d *desk) error {
		done, err := rewrapAll(d.ctx, d.db, d.sealer, func(done, total int64) {
			fmt.Fprintf(d.stderr, "%d of %d wrapped anew\n", done, total)
		})
		if err != nil {
			return fmt.Errorf("%w (%d wrapped anew so far; the same command goes on from there)", err, done)
		}
		result := rewrapped{MasterKey: d.sealer.ID(), Rewrapped: done, Unneeded: d.sealer.IDs()[1:]}
		return a.show(result, func(w io.Writer) error { return result.print(w) })
	})
}

func (r rewrapped) print(w io.Writer) error {
	fmt.Fprintf(w, "Everything is sealed by master key %s; %d wrapped anew.\n", r.MasterKey, r.Rewrapped)
	for _, id := range r.Unneeded {
		fmt.Fprintf(w, "Master key %s seals nothing here any more. Withdraw it once every node has been restarted with %s first: a node that was not may still seal with it, so run this command again before. Backups still need it.\n", id, r.MasterKey)
	}
	if len(r.Unneeded) == 0 && r.Rewrapped == 0 {
		fmt.Fprintln(w, "To change it, put a new key (`gatehouse master-key generate`) after the present one on every node and restart them one by one; then put it first, restart them one by one again, and run this command. A single node may have it first at once.")
	}
	return nil
}

// rewrapAll wraps everything in the database by the sealer's first master key.
// Each row is replaced by itself, so that it may be stopped anywhere and run
// again, also by several processes at once.
func rewrapAll(ctx context.Context, db *store.DB, sealer *keys.Sealer, progress func(done, total int64)) (done int64, err error) {
	total, err := sealedByOthers(ctx, db, sealer.ID())
	if err != nil {
		return 0, err
	}
	for {
		rows, err := db.SealedNotBy(ctx, sealer.ID(), rewrapBatch)
		if err != nil || len(rows) == 0 {
			return done, err
		}
		for _, row := range rows {
			changed, err := rewrapRow(ctx, db, sealer, row)
			if err != nil {
				return done, err
			}
			if changed {
				done++
			}
		}
		progress(done, max(total, done))
	}
}

func rewrapRow(ctx context.Context, db *store.DB, sealer *keys.Sealer, row keys.SealedRow) (changed bool, err error) {
	purpose := map[string]string{
		keys.KindSigningKey: keys.PurposeSigningKey, keys.KindPepper: keys.PurposePepper, keys.KindClientSecret: keys.PurposeClientSecret,
	}[row.Kind]
	sealed, by, err := sealer.Rewrap(row.Sealed, purpose, row.TenantID, row.ID)
	if err != nil {
		return false, fmt.Errorf("%s %s of tenant %s: %w", row.Kind, row.ID, row.TenantID, err)
	}
	err = db.Reseal(ctx, row, sealed, by)
	if errors.Is(err, tenants.ErrStale) { // somebody else was first, or deleted it
		return false, nil
	}
	return err == nil, err
}

func sealedByOthers(ctx context.Context, db *store.DB, id string) (int64, error) {
	counts, err := db.SealedBy(ctx)
	var total int64
	for by, n := range counts {
		if by != id {
			total += n
		}
	}
	return total, err
}
