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
