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
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
	"github.com/gatehouse-auth/gatehouse/verify"
)

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

// demo serves seeded tenants and an API that verifies their tokens until the
// program is told to stop, and shows what to paste.
func (a *app) demo(listen, logLevel string, log *zap.Logger) error {
	dir, err := os.MkdirTemp("", "gatehouse-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	settings, err := demoSettings(dir, listen, logLevel)
	if err != nil {
		return err
	}
	settings.further = a.further
	n, closeNode, err := openNode(a.ctx, settings, log)
	if err != nil {
		return err
	}
	defer func() { _ = closeNode() }()
	served := make(chan error, 1)
	go func() { served <- n.run(a.ctx, func(*admin.Credentials) {}) }()
	select {
	case err := <-served:
		return err
	case <-n.ready:
	}
	seeded, err := seedDemo(a.ctx, n)
	if err != nil {
		return err
	}
	if err := a.show(seeded, seeded.print); err != nil {
		return err
	}
	return <-served
}

// demoSeeded is what the demo has, and what to do with it.
type demoSeeded struct {
	PublicURL  string        `json:"public_url"`
	MetricsURL string        `json:"metrics_url"`
	Tenants    []demoSeeding `json:"tenants"`
}

type demoSeeding struct {
	Slug     string        `json:"slug"`
	Title    string        `json:"title"`
	Issuer   string        `json:"issuer"`
	Commands []demoCommand `json:"commands"`
}

// demoCommand is a shell command, and what it does.
type demoCommand struct {
	Title   string `json:"title"`
	Command string `json:"command"`
}

func (d *demoSeeded) print(out io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "A throw-away Gatehouse serves at %s until you press Ctrl-C.\nPaste a line into another terminal:\n", d.PublicURL)
	for _, tenant := range d.Tenants {
		fmt.Fprintf(&text, "\n%s\n", tenant.Title)
		for _, c := range tenant.Commands {
			fmt.Fprintf(&text, "  # %s\n  %s\n", c.Title, c.Command)
		}
	}
	fmt.Fprintf(&text, "\nMetrics: curl -s %s\n", d.MetricsURL)
	_, err := io.WriteString(out, text.String())
	return err
}

func seedDemo(ctx context.Context, n *node) (*demoSeeded, error) {
	seeded := &demoSeeded{PublicURL: n.settings.PublicURL, MetricsURL: "http://" + n.settings.MetricsListen + "/metrics"}
	config := verify.Config{}
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	for _, d := range demoTenants() {
		issuer, request, err := d.seed(ctx, n)
		if err != nil {
			return nil, err
		}
		config.Issuers = append(config.Issuers, issuer)
		config.Audiences = append(config.Audiences, d.api)
		seeded.Tenants = append(seeded.Tenants, demoSeeding{
			Slug: d.tenant.Slug, Title: d.tenant.Name + ", found " + d.found, Issuer: issuer,
			Commands: []demoCommand{
				{"get a token", "curl -s " + request},
				{
					"use it: an API verifies it by the tenant's published keys",
					fmt.Sprintf(`curl -s http://%s/ -H "Authorization: Bearer $(curl -s %s | sed 's/.*"access_token":"\([^"]*\)".*/\1/')"`, api.Addr(), request),
				},
			},
		})
	}
	presets, err := demoPresets(ctx, n)
	if err != nil {
		return nil, err
	}
	seeded.Tenants = append(seeded.Tenants, presets...)
	return seeded, serveDemoAPI(ctx, api, config)
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
