package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

const (
	publicURL = "http://faults.localhost" // nobody resolves it: balancers lead to the nodes
	issuer    = publicURL + "/t/acme"
	audience  = "https://api.acme.example"

	operatorID, operatorSecret = "faults-operator", "faults-operator-secret-that-is-long-enough"
)

// fleet is some nodes on one database.
type fleet struct {
	t        *testing.T
	database string
	env      []string // of every process, apart from the address
	nodes    []*node
	admin    *http.Client // the operator's, at any node
}

// short times, so that a test sees rotations from their beginning to their end.
func shortTimes() map[string]string {
	return map[string]string{
		"JWKS_MAX_AGE": "2s", "MAX_STALENESS": "2s", "CLOCK_SKEW": "1s", "ROTATION_LEAD": "6s",
	}
}

// timing is shortTimes as the rooms take it.
func timing() keys.Timing {
	return keys.Timing{MaxAge: 2 * time.Second, Staleness: 2 * time.Second, Skew: time.Second, Lead: 6 * time.Second, Period: 720 * time.Hour}
}

// newFleet starts nodes on a database, "" for one of its own, and
// waits until they are ready. When the test ends they must end well.
func newFleet(t *testing.T, count int, database string, settings map[string]string) *fleet {
	t.Helper()
	if database == "" {
		database = storetest.URL(t)
	}
	f := prepareFleet(t, count, database, settings)
	for _, n := range f.nodes {
		n.start(t)
	}
	for _, n := range f.nodes {
		n.mustBeReady(t)
	}
	return f
}

// prepareFleet is newFleet without a process.
func prepareFleet(t *testing.T, count int, database string, settings map[string]string) *fleet {
	t.Helper()
	f := &fleet{t: t, database: database}
	f.set("PUBLIC_URL", publicURL)
	f.set("DATABASE_URL", database)
	f.set("BOOTSTRAP_CLIENT_ID", operatorID)
	f.set("BOOTSTRAP_CLIENT_SECRET", operatorSecret)
	if strings.HasPrefix(database, "postgres") {
		f.set("MASTER_KEY", keys.GenerateMasterKey())
	}
	for name, value := range settings {
		f.set(name, value)
	}
	for range count {
		f.nodes = append(f.nodes, &node{address: freeAddress(t), env: f.env})
	}
	t.Cleanup(f.close)
	config := clientcredentials.Config{
		ClientID: operatorID, ClientSecret: operatorSecret, TokenURL: publicURL + "/t/operator/oauth2/token",
		EndpointParams: url.Values{"audience": {"urn:gatehouse:admin"}}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	f.admin = config.Client(withClient(t.Context(), f.balanced(again)))
	return f
}

// set is a setting of every process that is started from now on.
func (f *fleet) set(name, value string) {
	name = "GATEHOUSE_" + name + "="
	kept := []string{name + value}
	for _, entry := range f.env {
		if !strings.HasPrefix(entry, name) {
			kept = append(kept, entry)
		}
	}
	f.env = kept
	for _, n := range f.nodes {
		n.env = kept
	}
}

func (f *fleet) close() {
	for i, n := range f.nodes {
		if n.process == nil {
			continue
		}
		select {
		case <-n.ended:
		default:
			if _, err := n.end(syscall.SIGTERM); err != nil {
				f.t.Errorf("node %d did not end well: %v", i, err)
			}
		}
		if f.t.Failed() {
			f.t.Logf("node %d said:\n%s", i, n.log.failures(15))
		}
	}
}

// call makes a call of the admin API at any node, and reads the answer into
// answer unless that is nil.
func (f *fleet) call(method, path string, body, answer any) error {
	return f.callAt(nil, method, path, body, answer)
}

// callAt is call at one node.
func (f *fleet) callAt(n *node, method, path string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(at(f.t.Context(), n), method, publicURL+"/admin/v1/"+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := f.admin.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text.Bytes())
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text.Bytes(), answer)
}

func (f *fleet) mustCall(method, path string, body, answer any) {
	f.t.Helper()
	if err := f.call(method, path, body, answer); err != nil {
		f.t.Fatal(err)
	}
}

// object is a JSON object.
type object = map[string]any

// client is a client of the tenant acme.
type client struct{ id, secret string }

// seed makes the tenant acme with an API, and returns a client that may have
// tokens for it.
func (f *fleet) seed() client {
	f.t.Helper()
	f.mustCall("POST", "tenants", object{"slug": "acme", "name": "Acme"}, nil)
	f.mustCall("POST", "tenants/acme/apis", object{
		"identifier": audience, "name": "API", "scopes": []object{{"name": "data"}}, "access_token_lifetime": 86400,
	}, nil)
	return f.newClient("load")
}

func (f *fleet) newClient(id string) client {
	f.t.Helper()
	var made struct {
		Secret string `json:"client_secret"`
	}
	f.mustCall("POST", "tenants/acme/clients", object{
		"client_id": id, "name": id, "grant_types": []string{"client_credentials"},
		"apis": []object{{"identifier": audience, "scopes": []string{"data"}}},
	}, &made)
	return client{id, made.Secret}
}

// command prepares a command of the command line beside the running nodes.
func (f *fleet) command(args ...string) *exec.Cmd {
	command := exec.Command(program, args...)
	command.Dir = f.t.TempDir()
	command.Env = append([]string{"PATH=" + os.Getenv("PATH")}, f.env...)
	return command
}

// order runs a command and returns what it prints.
func (f *fleet) order(args ...string) ([]byte, error) {
	command := f.command(args...)
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		err = fmt.Errorf("gatehouse %s: %w\n%s", strings.Join(args, " "), err, said.Bytes())
	}
	return out, err
}

func (f *fleet) mustOrder(args ...string) []byte {
	f.t.Helper()
	out, err := f.order(args...)
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}
