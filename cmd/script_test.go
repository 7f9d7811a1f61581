package cmd

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// soon is for the race detector, which else keeps each command for a second
// after its end.
const soon = "atexit_sleep_ms=10"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gatehouse": func() { os.Exit(Main(os.Args[1:])) }})
}

// TestScripts runs the program as people do, each script on a database of its
// own that was never migrated: SQLite or PostgreSQL, as storetest decides.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			database := storetest.EmptyURL(t)
			testscript.Run(t, testscript.Params{
				Files:               []string{file},
				Setup:               func(env *testscript.Env) error { return setUp(env, database) },
				Condition:           func(name string) (bool, error) { return name == "sqlite" && !storetest.IsPostgres(), nil },
				RequireExplicitExec: true,
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"furnish": furnish, "exitcode": exitCode, "capture": capture, "answers": answers,
				},
			})
		})
	}
}

func setUp(env *testscript.Env, database string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Setenv("GORACE", soon)
	env.Setenv("GATEHOUSE_LISTEN", listener.Addr().String())
	env.Setenv("GATEHOUSE_PUBLIC_URL", "http://"+listener.Addr().String())
	env.Setenv("GATEHOUSE_DATABASE_URL", database)
	if path, sqlite := DatabaseURL(database).SQLitePath(); sqlite {
		env.Setenv("DATABASE", path)
		env.Setenv("DATA", filepath.Dir(path))
	} else {
		env.Setenv("GATEHOUSE_MASTER_KEY", keys.GenerateMasterKey())
	}
	return listener.Close()
}

// furnish makes the schema and the operator's tenant, as a first start does.
func furnish(ts *testscript.TestScript, _ bool, _ []string) {
	var environ []string
	for _, name := range []string{"GATEHOUSE_PUBLIC_URL", "GATEHOUSE_DATABASE_URL", "GATEHOUSE_MASTER_KEY"} {
		if value := ts.Getenv(name); value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	ts.Check(furnished(environ))
}

func furnished(environ []string) error {
	ctx := context.Background()
	settings, err := LoadSettings("", environ, nil)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, string(settings.DatabaseURL), store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	sealer, err := openSealer(ctx, settings, db)
	if err != nil {
		return err
	}
	publicURL, err := url.Parse(settings.PublicURL)
	if err != nil {
		return err
	}
	_, err = newAdmin(settings, publicURL, db, sealer, keys.NewPeppers(db, sealer), nil, nil).Bootstrap(ctx, admin.BootstrapOptions{})
	return err
}

// capture VARIABLE REGEXP sets a variable to the first group in the last
// command's standard output.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	match := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if match == nil {
		ts.Fatalf("%s is not in the output", args[1])
	}
	ts.Setenv(args[0], match[1])
}

// answers waits until something listens at an address.
func answers(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		status, _, err := ask(ctx, args[0])
		cancel()
		if err == nil && status == 200 {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	ts.Fatalf("%s does not answer", args[0])
}

// exitCode CODE PROGRAM ARGS... runs a program and holds its exit code to CODE.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var exited *exec.ExitError
	got := 0
	if errors.As(err, &exited) {
		got = exited.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}
