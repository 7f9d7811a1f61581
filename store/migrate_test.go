package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

func wantState(t *testing.T, db *store.DB, want store.SchemaState) {
	t.Helper()
	got, err := db.SchemaState(t.Context())
	must(t, err)
	if got != want {
		t.Errorf("the schema is %s, want %s", got, want)
	}
}

func TestMigrationsBringAnEmptyDatabaseUpToDate(t *testing.T) {
	db := storetest.OpenURL(t, storetest.EmptyURL(t), store.Options{})
	wantState(t, db, store.SchemaEmpty)
	before, err := db.MigrationStatus(t.Context())
	must(t, err)
	if len(before) == 0 || before[0].AppliedAt != nil || before[0].Name != "00001_first.sql" || before[0].Version != 1 {
		t.Errorf("before: %+v", before)
	}
	wantState(t, db, store.SchemaEmpty) // asking changes nothing
	must(t, db.Migrate(t.Context()))
	wantState(t, db, store.SchemaCurrent)
	after, err := db.MigrationStatus(t.Context())
	must(t, err)
	if len(after) != len(before) || after[0].AppliedAt == nil || time.Since(*after[0].AppliedAt).Abs() > time.Hour {
		t.Errorf("after: %+v", after)
	}
	must(t, db.Migrate(t.Context()))
}

func TestSchemaOfANewerProgramIsLeftAlone(t *testing.T) {
	db := storetest.Open(t)
	_, err := db.Pool().Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
	must(t, err)
	wantState(t, db, store.SchemaNewer)
	wantErr(t, db.Migrate(t.Context()), store.ErrSchemaNewer)
}

func TestSchemaStateFollowsFromTheSteps(t *testing.T) {
	at := &instant
	for want, list := range map[store.SchemaState][]store.Migration{
		store.SchemaEmpty:   {{Name: "1"}, {Name: "2"}},
		store.SchemaOlder:   {{Name: "1", AppliedAt: at}, {Name: "2"}},
		store.SchemaCurrent: {{Name: "1", AppliedAt: at}, {Name: "2", AppliedAt: at}},
		store.SchemaNewer:   {{Name: "1", AppliedAt: at}, {Name: "2"}, {AppliedAt: at}},
	} {
		if got := store.StateOf(list); got != want {
			t.Errorf("state is %s, want %s", got, want)
		}
	}
}

func TestSixProcessesMigrateAtOnce(t *testing.T) {
	url := storetest.EmptyURL(t)
	nodes := make([]*store.DB, 6)
	for i := range nodes {
		nodes[i] = storetest.OpenURL(t, url, store.Options{})
	}
	watcher, done, watched := storetest.OpenURL(t, url, store.Options{}), make(chan struct{}), make(chan struct{})
	go func() { // as a process sees it that starts meanwhile
		defer close(watched)
		for storetest.IsPostgres() {
			select {
			case <-done:
				return
			default:
			}
			if state, err := watcher.SchemaState(t.Context()); err != nil || state == store.SchemaOlder {
				t.Errorf("meanwhile the schema is %s, %v", state, err)
			}
		}
	}()
	var wait sync.WaitGroup
	for _, node := range nodes {
		wait.Go(func() {
			err := node.Migrate(t.Context())
			if !storetest.IsPostgres() && errors.Is(err, store.ErrLocked) {
				return // on one file one process migrates, and the others say so
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	close(done)
	<-watched
	wantState(t, nodes[0], store.SchemaCurrent)
	newTenant(t, nodes[5], "acme")
}
