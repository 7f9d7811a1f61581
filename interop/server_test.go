// Package interop drives the real program with software that others wrote:
// OAuth clients that get tokens from it, and resource servers that verify them.
// It holds tests only.
package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// binary builds the program under test when the first test wants it, and
// returns its path.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "gatehouse")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "../cmd/gatehouse")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})

// folder is where the program goes. TestMain makes and removes it.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "gatehouse-interop"); err != nil {
		log.Fatal(err)
	}
	status := m.Run()
	os.RemoveAll(folder)
	os.Exit(status)
}

// The operator's client of every server that tests start.
const operatorID, operatorSecret = "interop-operator", "interop-operator-secret-that-is-long-enough"

// running is a server that was started for one test.
type running struct {
	url    string // the shared host
	client *http.Client
	admin  *http.Client
	env    []string // the settings
	folder string   // where it works
}

// start runs `gatehouse serve` on an empty database until the test ends, and
// waits until it is ready. It must end well when it is told to.
func start(t *testing.T) *running {
	t.Helper()
	return startAs(t, "http", http.DefaultClient)
}

// startAs starts a server that client can reach.
func startAs(t *testing.T, scheme string, client *http.Client, settings ...string) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()

	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	r := &running{url: scheme + "://" + address, client: client, folder: t.TempDir()}
	r.env = append(settings,
		"PATH="+os.Getenv("PATH"),
		"GATEHOUSE_LISTEN="+address,
		"GATEHOUSE_PUBLIC_URL="+r.url,
		"GATEHOUSE_DATABASE_URL="+storetest.URL(t),
		"GATEHOUSE_MASTER_KEY="+keys.GenerateMasterKey(),
		"GATEHOUSE_BOOTSTRAP_CLIENT_ID="+operatorID,
		"GATEHOUSE_BOOTSTRAP_CLIENT_SECRET="+operatorSecret,
	)
	var output bytes.Buffer
	serve := exec.Command(program, "serve")
	serve.Dir, serve.Env = r.folder, r.env
	serve.Stdout, serve.Stderr = &output, &output
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	t.Cleanup(func() {
		if err := serve.Process.Signal(syscall.SIGTERM); err == nil {
			err = <-ended
			if err != nil {
				t.Errorf("serve did not end well: %v", err)
			}
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", output.Bytes())
		}
	})
	r.waitUntilReady(t, ended)
	r.admin = r.adminClient(t)
	return r
}

func (r *running) waitUntilReady(t *testing.T, ended chan error) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for poll := time.Tick(50 * time.Millisecond); ; {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("serve ended before it was ready: %v", err)
		case <-deadline:
			t.Fatal("serve was not ready within 30 s")
		case <-poll:
			if response, err := r.client.Get(r.url + "/readyz"); err == nil {
				response.Body.Close()
				if response.StatusCode == http.StatusOK {
					return
				}
			}
		}
	}
}

// adminClient calls the admin API with a token that the server gave the
// operator's client.
func (r *running) adminClient(t *testing.T) *http.Client {
	config := clientcredentials.Config{
		ClientID: operatorID, ClientSecret: operatorSecret,
		TokenURL:       r.url + "/t/operator/oauth2/token",
		EndpointParams: map[string][]string{"audience": {"urn:gatehouse:admin"}},
		AuthStyle:      oauth2.AuthStyleInHeader,
	}
	return config.Client(context.WithValue(context.WithoutCancel(t.Context()), oauth2.HTTPClient, r.client))
}

// create posts to the admin API and reads what was created into created.
func (r *running) create(t *testing.T, path string, body map[string]any, created any) {
	t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := r.admin.Post(r.url+"/admin/v1/"+path, "application/json", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("POST %s: %s: %s", path, response.Status, answer.Bytes())
	}
	if err := json.Unmarshal(answer.Bytes(), created); err != nil {
		t.Fatal(fmt.Errorf("POST %s: %w", path, err))
	}
}

// command runs gatehouse beside the server, with its settings, and reads what it
// made into made.
func (r *running) command(t *testing.T, made any, args ...string) {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, append(args, "--json")...)
	command.Dir, command.Env = r.folder, r.env
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		t.Fatalf("gatehouse %v: %v\n%s", args, err, said.Bytes())
	}
	if err := json.Unmarshal(out, made); err != nil {
		t.Fatalf("gatehouse %v: %v\n%s", args, err, out)
	}
}
