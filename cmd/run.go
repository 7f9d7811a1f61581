package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// commands is the command line: noun, verb, flags.
type commands struct {
	Config string `placeholder:"FILE" group:"settings" help:"YAML file with settings. Also GATEHOUSE_CONFIG."`
	JSON   bool   `name:"json" help:"Print JSON."`

	Serve              serveCmd              `cmd:"" help:"Serve. The first start on an empty database prints the operator's credentials, once."`
	Demo               demoCmd               `cmd:"" help:"Start a throw-away server with seeded tenants, and print a curl line for each."`
	Migrate            migrateCmd            `cmd:"" help:"Bring the database schema up to date."`
	Doctor             doctorCmd             `cmd:"" help:"Check settings, database, schema, master key, signing keys and clock."`
	Version            versionCmd            `cmd:"" help:"Print the version."`
	Healthcheck        healthcheckCmd        `cmd:"" help:"Ask the server of these settings for its health. Exit code 1: not healthy."`
	Tenants            tenantsCmd            `cmd:"" help:"Tenants."`
	APIs               apisCmd               `cmd:"" name:"apis" help:"The APIs of a tenant."`
	Clients            clientsCmd            `cmd:"" help:"The clients of a tenant, and their secrets."`
	RemoteGrants       remoteGrantsCmd       `cmd:"" name:"remote-grants" help:"Grant types of a tenant's own, about which its endpoints decide."`
	TrustedIssuers     trustedIssuersCmd     `cmd:"" name:"trusted-issuers" help:"Whom a tenant trusts to say who a workload is (CI systems, Kubernetes)."`
	Users              usersCmd              `cmd:"" help:"The users of a tenant."`
	Groups             groupsCmd             `cmd:"" help:"The groups of a tenant, and what they permit."`
	APIKeys            apiKeysCmd            `cmd:"" name:"api-keys" help:"The API keys of users and service accounts."`
	ImpersonationRules impersonationRulesCmd `cmd:"" name:"impersonation-rules" help:"Who may become whom by a token exchange."`
	Sessions           sessionsCmd           `cmd:"" help:"The browsers in which users are signed in."`
	Dialects           dialectsCmd           `cmd:"" help:"The dialects: endpoints of other token services, spoken by tenants that switch them on."`
	Tokens             tokensCmd             `cmd:"" help:"The access tokens of a tenant."`
	Keys               keysCmd               `cmd:"" help:"The signing keys of a tenant."`
	MasterKey          masterKeyCmd          `cmd:"" name:"master-key" help:"The keys that seal secrets at rest."`
	Apply              applyCmd              `cmd:"" help:"Make a tenant as a file has it. What the file does not name stays."`
	Export             exportCmd             `cmd:"" help:"Print how a tenant is set up, without secrets, people and keys, as apply takes it."`
	Audit              auditCmd              `cmd:"" help:"What was changed, when, and by whom."`
}

// run executes one command and returns the exit code: 1 for a failure, 2 for a
// command line that makes no sense. environ is as in os.Environ.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer, options ...Option) int {
	args = spelled(args)
	var line commands
	exited, fail := false, failText
	parser, err := newParser(&line, stdout, stderr, func(int) { exited = true })
	if err != nil {
		return fail(stderr, err, exitFailed)
	}
	if err := giveWay(parser, args); err != nil {
		return fail(stderr, err, exitFailed)
	}
	parsed, err := parser.Parse(args)
	if slices.Contains(args, "--json") { // also where the rest cannot be parsed
		fail = failJSON
	}
	switch {
	case exited: // help was asked for
		return exitOK
	case err != nil:
		return fail(stderr, hinted(err, args), exitUsage)
	}
	a := &app{
		ctx: ctx, stdout: stdout, stderr: stderr, now: time.Now, json: line.JSON,
		brief:   strings.Contains(parsed.Command(), " create"),
		environ: environ, config: line.Config, flags: flagLayer(parsed),
	}
	for _, option := range options {
		option(&a.further)
	}
	err = parsed.Run(a)
	var misused usageError
	switch {
	case errors.As(err, &misused):
		return fail(stderr, err, exitUsage)
	case err != nil:
		return fail(stderr, err, exitFailed)
	}
	return exitOK
}

// usageError is a command line that makes no sense.
type usageError string

func (e usageError) Error() string { return string(e) }

func usage(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }
