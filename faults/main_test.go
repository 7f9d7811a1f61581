// Package faults breaks what surrounds a token on purpose, and counts what
// comes of it: processes of the real program are killed while keys rotate,
// databases stopped, clocks set wrong, master keys changed, always under load,
// with verifiers that others wrote checking every token. It holds tests only.
//
// `go test ./faults` runs a short form, `make test-faults` the full one, whose
// figures docs/reliability.md holds.
package faults

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var full = flag.Bool("full", false, "run as often and as long as docs/reliability.md says")

// often returns how often something is done: in the short form and in the full.
func often(short, long int) int {
	if *full {
		return long
	}
	return short
}

// program is the path of the program under test.
var program string

// figures are what the tests have counted and measured.
var figures struct {
	sync.Mutex
	fault string // of the last row
	rows  []string
}

// figure notes a row of docs/reliability.md, below a heading for the fault.
func figure(t testing.TB, fault, what, format string, args ...any) {
	t.Helper()
	measured := fmt.Sprintf(format, args...)
	t.Logf("%s: %s: %s", fault, what, measured)
	figures.Lock()
	defer figures.Unlock()
	if fault != figures.fault {
		figures.fault = fault
		figures.rows = append(figures.rows, "\n### "+fault+"\n\n| figure | measured |\n|---|---|")
	}
	figures.rows = append(figures.rows, fmt.Sprintf("| %s | %s |", what, measured))
}

func TestMain(m *testing.M) {
	flag.Parse()
	status, err := run(m)
	if err != nil {
		log.Fatal(err)
	}
	if *full {
		fmt.Println(strings.Join(figures.rows, "\n"))
	}
	os.Exit(status)
}

// run builds the program, and starts a PostgreSQL unless one is named. One that
// cannot be had is an error.
func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "gatehouse-faults")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "gatehouse")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "../cmd/gatehouse")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building the program: %w\n%s", err, out)
	}
	const variable = "GATEHOUSE_TEST_DATABASE_URL"
	if os.Getenv(variable) == "" {
		cluster, err := newCluster()
		if err != nil {
			return 0, err
		}
		defer cluster.remove()
		if err := os.Setenv(variable, cluster.url); err != nil {
			return 0, err
		}
	}
	return m.Run(), nil
}
