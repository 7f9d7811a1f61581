// Command gatehouse is the whole platform in one program: the server, and the
// operator's tools, which work straight on the database beside running servers.
// This package is the only place where the rooms are wired together; it holds
// no rules of its own but those of its settings.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}
