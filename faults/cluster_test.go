package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

// cluster is a PostgreSQL that a test may stop and start.
type cluster struct{ dir, url string }

// newCluster makes and starts one; ahead, if given, says by how many seconds its
// clock is off, such as +300.
func newCluster(ahead ...string) (*cluster, error) {
	dir, err := os.MkdirTemp("", "gatehouse-postgres")
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir}
	if _, err = c.order("make"); err == nil {
		err = c.start(ahead...)
	}
	if err == nil {
		c.url, err = c.order("url")
	}
	if err != nil {
		c.remove()
		return nil, err
	}
	return c, nil
}

// clusterFor makes one that is removed when the test ends.
func clusterFor(t *testing.T, ahead ...string) *cluster {
	t.Helper()
	c, err := newCluster(ahead...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.remove)
	return c
}

func (c *cluster) order(name string, args ...string) (string, error) {
	command := exec.Command(filepath.Join("..", "scripts", "postgres-cluster.sh"), append([]string{name, c.dir}, args...)...)
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("postgres-cluster.sh %s: %w\n%s", name, err, said.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func (c *cluster) start(ahead ...string) error {
	_, err := c.order("start", ahead...)
	return err
}

// crash stops it as a crash would: nobody is told, nothing is finished.
func (c *cluster) crash() error {
	_, err := c.order("stop", "immediate")
	return err
}

func (c *cluster) remove() {
	_ = c.crash() // it may be stopped already
	os.RemoveAll(c.dir)
}

// migrateDatabase makes the schema.
func migrateDatabase(t *testing.T, url string) {
	t.Helper()
	db, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}
