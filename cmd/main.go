// Package cmd is the whole platform as one program: the server, and the
// operator's tools, which work straight on the database beside running servers.
// This package is the only place where the rooms are wired together; it holds
// no rules of its own but those of its settings.
package cmd

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Main runs the command line args, which begins with the command, in the
// environment of this process, and returns the exit code: 0, 1 for a failure or
// 2 for a command line that makes no sense. An interrupt or SIGTERM lets it end
// in good order; a second one ends the process at once. Options make it another
// program than gatehouse.
func Main(args []string, options ...Option) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, args, os.Environ(), os.Stdout, os.Stderr, options...)
}
