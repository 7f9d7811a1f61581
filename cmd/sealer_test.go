package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestTheMasterKeyCommandMustEndInTime(t *testing.T) {
	began := time.Now()
	_, err := runMasterKeyCommand(t.Context(), "echo asking the vault >&2; sleep 60 & sleep 60", 100*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "did not end within 100ms") || !strings.Contains(err.Error(), "asking the vault") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("a child that keeps the pipes open held it for %s", took)
	}
}

func TestTheMasterKeyCommandMayNotPrintWithoutEnd(t *testing.T) {
	_, err := runMasterKeyCommand(t.Context(), "head -c 70000 /dev/zero | tr '\\0' k", time.Minute)
	if err == nil || !strings.Contains(err.Error(), "more than 65536 bytes") {
		t.Errorf("got %v", err)
	}
}

// Processes that start at once on one empty database agree on one master key.
func TestTheMasterKeyIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	database := sqliteScheme + filepath.Join(dir, "gatehouse.db")
	settings, err := load(t, "", nil, map[string]string{"database_url": database})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			if sealer, err := openSealer(t.Context(), settings, db); err != nil {
				t.Error(err)
			} else {
				ids[i] = sealer.ID()
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("two master keys: %s and %s", ids[0], id)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".master.key-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "master.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// PostgreSQL is served by many nodes: none of them makes a master key.
func TestPostgreSQLNeedsAMasterKey(t *testing.T) {
	settings, err := load(t, "", []string{"GATEHOUSE_DATABASE_URL=postgres://me@127.0.0.1:1/gatehouse"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if _, err := openSealer(t.Context(), settings, nil); err == nil || !strings.Contains(err.Error(), "master_key is missing") {
		t.Errorf("got %v", err)
	}
}
