// Command resource-server is an API that accepts Gatehouse's access tokens.
//
//	GET /catalogue   for everyone, by name for those who send a token
//	GET /orders      for tokens that carry the scope
//
// Settings are flags or, where a flag is not given, environment variables:
//
//	-issuer    ISSUER    the accepted issuers, separated by commas
//	-audience  AUDIENCE  the API's identifier, as its tenant registered it
//	-scope     SCOPE     what /orders requires (data)
//	-listen    LISTEN    the address to listen on (127.0.0.1:9090)
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gatehouse-auth/gatehouse/verify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "resource-server:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, and says on stdout where.
func run(ctx context.Context, args []string, env func(string) string, stdout io.Writer) error {
	flags := flag.NewFlagSet("resource-server", flag.ContinueOnError)
	issuers := flags.String("issuer", env("ISSUER"), "accepted issuers, separated by commas")
	audience := flags.String("audience", env("AUDIENCE"), "the API's identifier")
	scope := flags.String("scope", cmp.Or(env("SCOPE"), "data"), "scope that /orders requires")
	listen := flags.String("listen", cmp.Or(env("LISTEN"), "127.0.0.1:9090"), "address to listen on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	verifier, err := verify.New(verify.Config{
		Issuers:   strings.Split(*issuers, ","),
		Audiences: []string{*audience},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "listening on http://%s\n", listener.Addr())
	return serve(ctx, listener, routes(verifier, *scope))
}

func routes(verifier *verify.Verifier, scope string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /catalogue", verifier.Optional()(http.HandlerFunc(catalogue)))
	mux.Handle("GET /orders", verifier.Require(scope)(http.HandlerFunc(orders)))
	return mux
}

func catalogue(w http.ResponseWriter, r *http.Request) {
	reader := "anonymous"
	if token, ok := verify.FromContext(r.Context()); ok {
		reader = token.Subject
	}
	answer(w, map[string]any{"reader": reader, "items": []string{"lamp", "chair"}})
}

func orders(w http.ResponseWriter, r *http.Request) {
	token, _ := verify.FromContext(r.Context()) // Require lets nobody through without one
	body := map[string]any{"issuer": token.Issuer, "subject": token.Subject, "client": token.ClientID, "orders": []int{1, 2}}
	if token.Actor != nil {
		body["actor"] = token.Actor.Subject
	}
	answer(w, body)
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client is gone if this fails
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}
