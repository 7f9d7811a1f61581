package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
	"github.com/gatehouse-auth/gatehouse/verify"
)

// demoCmd is `gatehouse demo`.
type demoCmd struct {
	At string `name:"at" default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Address to serve at; another port is taken if it is in use."`
}

// Run serves the demo until the program is told to stop.
func (d demoCmd) Run(a *app) error {
	log, err := newLog("warn", a.stderr)
	if err != nil {
		return err
	}
	defer func() { _ = log.Sync() }()
	return demo(a.ctx, d.At, a.further, a.stdout, log)
}

// demoTenant is a tenant of the demo and the way by which requests find it.
type demoTenant struct {
	found  string
	tenant admin.NewTenant
	api    string
	shared bool // found by audience
}

func demoTenants() []demoTenant {
	return []demoTenant{
		{"by its host", admin.NewTenant{Slug: "acme", Name: "Acme", Hosts: []string{"acme.localhost"}}, "https://api.acme.example", false},
		{"by its path", admin.NewTenant{Slug: "globex", Name: "Globex"}, "https://api.globex.example", false},
		{"by the audience, on the host that all tenants share", admin.NewTenant{Slug: "initech", Name: "Initech"}, "https://api.initech.example", true},
	}
}

// demoSettings are those of a server that leaves nothing behind.
func demoSettings(dir, listen string) (*Settings, error) {
	listen, err := freeUnless(listen)
	if err != nil {
		return nil, err
	}
	metrics, err := freeUnless("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	flags := layer{}
	for name, text := range map[string]string{
		"listen": listen, "metrics_listen": metrics, "public_url": "http://localhost:" + port,
		"database_url": sqliteScheme + filepath.Join(dir, "demo.db"), "log_level": "warn",
	} {
		flags[name] = given{text, "demo"}
	}
	return LoadSettings("", nil, flags)
}

// freeUnless returns the address if it is free, else another port of its host.
func freeUnless(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		host, _, splitErr := net.SplitHostPort(address)
		if splitErr != nil {
			return "", splitErr
		}
		if l, err = net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
			return "", err
		}
	}
	return l.Addr().String(), l.Close()
}

// demo serves seeded tenants and an API that verifies their tokens until ctx
// ends, and prints what to paste.
func demo(ctx context.Context, listen string, f further, out io.Writer, log *zap.Logger) error {
	dir, err := os.MkdirTemp("", "gatehouse-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	settings, err := demoSettings(dir, listen)
	if err != nil {
		return err
	}
	settings.further = f
	n, closeNode, err := openNode(ctx, settings, log)
	if err != nil {
		return err
	}
	defer func() { _ = closeNode() }()
	served := make(chan error, 1)
	go func() { served <- n.run(ctx, func(*admin.Credentials) {}) }()
	select {
	case err := <-served:
		return err
	case <-n.ready:
	}
	if err := seedDemo(ctx, n, out); err != nil {
		return err
	}
	return <-served
}

func seedDemo(ctx context.Context, n *node, out io.Writer) error {
	config := verify.Config{}
	fmt.Fprintf(out, "A throw-away Gatehouse serves at %s until you press Ctrl-C.\nPaste a line into another terminal:\n", n.settings.PublicURL)
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	for _, d := range demoTenants() {
		issuer, request, err := d.seed(ctx, n)
		if err != nil {
			return err
		}
		config.Issuers = append(config.Issuers, issuer)
		config.Audiences = append(config.Audiences, d.api)
		fmt.Fprintf(out, "\n%s, found %s\n  # get a token\n  curl -s %s\n  # use it: an API verifies it by the tenant's published keys\n", d.tenant.Name, d.found, request)
		fmt.Fprintf(out, "  curl -s http://%s/ -H \"Authorization: Bearer $(curl -s %s | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\"\n", api.Addr(), request)
	}
	if err := demoPresets(ctx, n, out); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nMetrics: curl -s http://%s/metrics\n", n.settings.MetricsListen)
	return serveDemoAPI(ctx, api, config)
}

// seed makes the tenant with an API and a client, and returns its issuer and
// the arguments of a curl that asks for a token.
func (d demoTenant) seed(ctx context.Context, n *node) (issuer, request string, err error) {
	actor := admin.Actor{Name: "demo", Scopes: admin.AllScopes()}
	tenant, err := n.admin.CreateTenant(ctx, actor, d.tenant)
	if err != nil {
		return "", "", err
	}
	shared := d.shared
	if _, err := n.admin.CreateAPI(ctx, actor, tenant.Slug, admin.NewAPI{
		Identifier: d.api, Name: d.tenant.Name + " API", SharedHost: &shared,
		Scopes: []tenants.Scope{{Name: "read", Description: "Read everything"}, {Name: "write", Description: "Change everything"}},
	}); err != nil {
		return "", "", err
	}
	client, err := n.admin.CreateClient(ctx, actor, tenant.Slug, admin.NewClient{ClientSettings: admin.ClientSettings{
		Name: "Demo", GrantTypes: []string{oauth.GrantClientCredentials}, APIs: []tenants.APIAccess{{Identifier: d.api}},
	}})
	if err != nil {
		return "", "", err
	}
	endpoint, audience := tenant.Issuer, ""
	if d.shared {
		endpoint, audience = n.settings.PublicURL, " -d audience="+d.api
	}
	return tenant.Issuer, fmt.Sprintf("-u %s:%s -d grant_type=client_credentials%s %s/oauth2/token", client.ID, client.Secret, audience, endpoint), nil
}

// serveDemoAPI answers whoever has a token of the demo's tenants with what the
// token says.
func serveDemoAPI(ctx context.Context, l net.Listener, config verify.Config) error {
	verifier, err := verify.New(config)
	if err != nil {
		return err
	}
	api := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: verifier.Require()(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			token, _ := verify.FromContext(r.Context())
			var claims map[string]any
			if err := token.Claims(&claims); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{"verified": true, "claims": claims})
		}))}
	context.AfterFunc(ctx, func() { _ = api.Close() })
	go func() {
		if err := api.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the listener is ours and open
		}
	}()
	return nil
}
