package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// The demo serves where it is told to, and says in one JSON document what it has.
func TestDemoTakesAddressAndJSON(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		done <- run(ctx, []string{"demo", "--json"}, []string{"GATEHOUSE_LISTEN=127.0.0.2:0"}, in, &stderr)
		in.Close()
	}()
	var seeded demoSeeded
	decoder := json.NewDecoder(out)
	if err := decoder.Decode(&seeded); err != nil {
		t.Fatal(err, stderr.String())
	}
	cancel()
	rest, err := io.ReadAll(io.MultiReader(decoder.Buffered(), out))
	if err != nil || strings.TrimSpace(string(rest)) != "" {
		t.Errorf("after the document came %q, %v", rest, err)
	}
	if code := <-done; code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if len(seeded.Tenants) < 6 || seeded.Tenants[0].Slug != "acme" || !strings.HasPrefix(seeded.Tenants[0].Commands[0].Command, "curl -s -u ") {
		t.Errorf("seeded: %+v", seeded)
	}
}

func TestServeShowsTheOperatorsClientAsJSON(t *testing.T) {
	var out bytes.Buffer
	a := &app{stdout: &out, json: true}
	a.showCredentials(&admin.Credentials{Issuer: "i", ClientID: "given"}) // whose secret is known
	a.showCredentials(&admin.Credentials{Issuer: "i", TokenEndpoint: "e", ClientID: "c", ClientSecret: "s"})
	var shown map[string]string
	if err := json.Unmarshal(out.Bytes(), &shown); err != nil {
		t.Fatalf("%s: %v", out.String(), err)
	}
	if want := map[string]string{"issuer": "i", "token_endpoint": "e", "client_id": "c", "client_secret": "s"}; !maps.Equal(shown, want) {
		t.Errorf("shown: %v", shown)
	}
}

func TestDemoRefusesWhatItDecidesItself(t *testing.T) {
	for name, c := range map[string]struct {
		args, environ []string
		code          int
		says          string
	}{
		"an unknown variable":   {nil, []string{"GATEHOUSE_LISTN=:1"}, exitFailed, "unknown environment variable GATEHOUSE_LISTN; did you mean GATEHOUSE_LISTEN?"},
		"another's database":    {nil, []string{"GATEHOUSE_DATABASE_URL=sqlite:x.db"}, exitUsage, "database_url (environment GATEHOUSE_DATABASE_URL): the demo decides this itself"},
		"a flag":                {[]string{"--public-url", "http://x"}, nil, exitUsage, "public_url (flag --public-url): the demo decides this itself"},
		"two addresses":         {[]string{"--at", "127.0.0.1:1", "--listen", "127.0.0.1:2"}, nil, exitUsage, "listen (flag --listen): is another address than --at"},
		"an address that is no": {[]string{"--listen", "nowhere"}, nil, exitFailed, "missing port"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append([]string{"demo"}, c.args...), c.environ, &stdout, &stderr); code != c.code || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%s: exit code %d, %s%s", name, code, &stdout, &stderr)
		}
	}
}
