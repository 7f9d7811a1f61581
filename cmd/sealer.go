package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
)

// commandTimeout bounds how long master_key_command may take.
const commandTimeout = 30 * time.Second

// maxCommandOutput bounds what is read from master_key_command.
const maxCommandOutput = 64 << 10

// openSealer returns a Sealer of the master keys that the settings name. For
// SQLite without any, they are in the file master.key beside the database,
// which is made when nothing has been sealed yet. For PostgreSQL db is not
// touched. Whether they fit the database is asked by checkMasterKey.
func openSealer(ctx context.Context, s *Settings, db *store.DB) (*keys.Sealer, error) {
	text, from, err := masterKeyText(ctx, s, db)
	if err != nil {
		return nil, err
	}
	list, err := keys.ParseMasterKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	sealer, err := keys.NewSealer(list...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return sealer, nil
}

// masterKeyText returns the list of master keys as text, and where it is from.
func masterKeyText(ctx context.Context, s *Settings, db *store.DB) (text, from string, err error) {
	switch {
	case s.MasterKey != "":
		name := s.source("master_key")
		return string(s.MasterKey), fmt.Sprintf("%s (%s)", name, s.origin(name)), nil
	case s.MasterKeyCommand != "":
		text, err := runMasterKeyCommand(ctx, s.MasterKeyCommand, commandTimeout)
		if err != nil {
			return "", "", s.problem("master_key_command", "%v", err)
		}
		return text, "output of master_key_command", nil
	}
	path, sqlite := s.DatabaseURL.SQLitePath()
	if !sqlite {
		return "", "", errors.New("master_key is missing: PostgreSQL needs one, the same on every node; " +
			"make it with `gatehouse master-key generate` and set GATEHOUSE_MASTER_KEY, GATEHOUSE_MASTER_KEY_FILE or GATEHOUSE_MASTER_KEY_COMMAND")
	}
	path = filepath.Join(filepath.Dir(path), "master.key")
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeMasterKey(ctx, path, db); err != nil {
			return "", "", err
		}
	}
	text, err = readMasterKey(path)
	return text, path, err
}

// runMasterKeyCommand returns what the shell command prints. Its errors show
// what it wrote to its standard error, and never what it printed.
func runMasterKeyCommand(ctx context.Context, command string, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // for children that keep the pipes open
	err := cmd.Run()
	said := strings.TrimSpace(stderr.String())
	if len(said) > 1000 {
		said = said[:1000] + " ..."
	}
	switch {
	case ctx.Err() != nil && err != nil:
		return "", fmt.Errorf("the command did not end within %s; it said: %q", timeout, said)
	case err != nil:
		return "", fmt.Errorf("the command failed: %w; it said: %q", err, said)
	case strings.TrimSpace(stdout.String()) == "":
		return "", fmt.Errorf("the command printed nothing; it said: %q", said)
	case stdout.Len() > maxCommandOutput:
		return "", fmt.Errorf("the command printed more than %d bytes", maxCommandOutput)
	}
	return stdout.String(), nil
}

// makeMasterKey writes a new master key to path, unless the database needs the
// one that was there. Of several processes that do so at once, one wins.
func makeMasterKey(ctx context.Context, path string, db *store.DB) error {
	state, err := db.SchemaState(ctx)
	if err != nil {
		return err
	}
	if state != store.SchemaEmpty {
		needed, err := db.SealedBy(ctx)
		if err != nil {
			return err
		}
		if len(needed) > 0 {
			return fmt.Errorf("the master key is missing: the database is sealed by %s, which was in %s; restore that file from its backup",
				strings.Join(slices.Sorted(maps.Keys(needed)), ", "), path)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".master.key-*") // mode 0600
	if err != nil {
		return fmt.Errorf("making the master key: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(keys.GenerateMasterKey() + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("making the master key: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making the master key: %w", err)
	}
	return nil
}

// readMasterKey reads the file beside an SQLite database, if nobody but its
// owner can.
func readMasterKey(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("the master key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("the master key %s can be read by others (mode %04o): run chmod 600 on it, and replace the key if others had access", path, mode)
	}
	text, err := readSecret(path)
	if err != nil {
		return "", fmt.Errorf("the master key: %w", err)
	}
	return text, nil
}

// checkMasterKey reports whether the sealer opens everything in the database.
func checkMasterKey(ctx context.Context, db *store.DB, sealer *keys.Sealer) error {
	needed, err := db.SealedBy(ctx)
	if err != nil {
		return err
	}
	var missing []string
	for _, id := range slices.Sorted(maps.Keys(needed)) {
		if !slices.Contains(sealer.IDs(), id) {
			missing = append(missing, fmt.Sprintf("%s (sealed %d)", id, needed[id]))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%w: the database needs %s, given were %s; a master key may be withdrawn only after `gatehouse master-key rotate`",
		keys.ErrWrongMasterKey, strings.Join(missing, ", "), strings.Join(sealer.IDs(), ", "))
}
