package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

func TestSecondServeIsToldWhoHasTheFile(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "g.db")
	first, err := store.Open(t.Context(), url, store.Options{})
	must(t, err)
	second := storetest.OpenURL(t, url, store.Options{})
	must(t, first.Lock())
	must(t, first.Lock()) // it has it
	must(t, first.Migrate(t.Context()))
	err = second.Lock()
	wantErr(t, err, store.ErrLocked)
	if want := fmt.Sprintf("process %d since 20", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("error is %q, which does not say %q", err, want)
	}
	newTenant(t, second, "acme") // beside the lock
	must(t, first.Close())
	must(t, second.Lock())
	must(t, second.Migrate(t.Context()))
	wantErr(t, storetest.OpenURL(t, url, store.Options{}).Lock(), store.ErrLocked) // Migrate has not given it back
}

func TestFileIsLockedByWhateverNameItHas(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	file := filepath.Join(data, "g.db")
	first := storetest.OpenURL(t, "sqlite:"+file, store.Options{})
	must(t, first.Lock())
	for name, target := range map[string]string{"link.db": file, "volume": data, "again": "volume"} {
		must(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	for _, other := range []string{"link.db", "volume/g.db", "again/g.db"} {
		wantErr(t, storetest.OpenURL(t, "sqlite:"+filepath.Join(dir, other), store.Options{}).Lock(), store.ErrLocked)
	}
}

func TestFileWithSeveralNamesIsRefused(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "g.db"), filepath.Join(dir, "h.db")
	must(t, storetest.OpenURL(t, "sqlite:"+file, store.Options{}).Close())
	must(t, os.Link(file, other))
	db := storetest.OpenURL(t, "sqlite:"+other, store.Options{})
	if err := db.Lock(); err == nil || !strings.Contains(err.Error(), "has 2 names") {
		t.Errorf("a file with two names was answered %v", err)
	}
	must(t, os.Remove(file))
	must(t, db.Lock())
}

func TestMigrationOfAFileThatIsServedIsRefused(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "g.db")
	first, second := storetest.OpenURL(t, url, store.Options{}), storetest.OpenURL(t, url, store.Options{})
	must(t, first.Lock())
	wantErr(t, second.Migrate(t.Context()), store.ErrLocked)
	must(t, first.Migrate(t.Context()))
	must(t, second.Migrate(t.Context())) // nothing to do
}

func TestMigrateGivesTheLockBack(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "g.db")
	must(t, storetest.OpenURL(t, url, store.Options{}).Migrate(t.Context()))
	must(t, storetest.OpenURL(t, url, store.Options{}).Lock())
}
