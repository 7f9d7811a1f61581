package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
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
	if len(args) == 0 {
		args = []string{"--help"}
	}
	var line commands
	exited := false
	parser, err := newParser(&line, stdout, stderr, func(int) { exited = true })
	if err != nil {
		return fail(stderr, err, exitFailed)
	}
	if err := giveWay(parser, args); err != nil {
		return fail(stderr, err, exitFailed)
	}
	parsed, err := parser.Parse(args)
	switch {
	case exited: // help was asked for
		return exitOK
	case err != nil:
		return fail(stderr, err, exitUsage)
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

// newParser makes the parser that fills line.
func newParser(line *commands, stdout, stderr io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(line,
		kong.Name("gatehouse"),
		kong.Description("A hosted OAuth token service for many tenants."),
		kong.Writers(stdout, stderr),
		kong.Vars{"presets": presetNames()},
		kong.Exit(exit),
		kong.Embed(settingFlags()),
		kong.ExplicitGroups([]kong.Group{{Key: settingsGroup, Title: "Settings:", Description: "Also in the YAML file (listen) and in the environment (GATEHOUSE_LISTEN), where the secrets belong."}}),
		kong.Help(help),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
	)
}

// usageError is a command line that makes no sense.
type usageError string

func (e usageError) Error() string { return string(e) }

func usage(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// fail prints err, a line for each error that it joins.
func fail(stderr io.Writer, err error, code int) int {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 0 {
		for _, one := range joined.Unwrap() {
			fail(stderr, one, code)
		}
		return code
	}
	fmt.Fprintf(stderr, "gatehouse: error: %v\n", err)
	return code
}

// giveWay withdraws the settings among the flags whose names the command in args
// has for flags of its own: what can be set of a tenant may be called as the
// platform's setting is, and kong would take the setting.
func giveWay(parser *kong.Kong, args []string) error {
	traced, err := kong.Trace(parser, args)
	if err != nil {
		return err
	}
	selected := traced.Selected()
	if selected == nil {
		return nil
	}
	parser.Model.Flags = slices.DeleteFunc(parser.Model.Flags, func(f *kong.Flag) bool {
		return isSetting(f) && slices.ContainsFunc(selected.Flags, func(own *kong.Flag) bool { return own.Name == f.Name })
	})
	return nil
}

func isSetting(f *kong.Flag) bool { return f.Group != nil && f.Group.Key == settingsGroup }

// flagLayer collects the settings that were given as flags.
func flagLayer(parsed *kong.Context) layer {
	names := map[string]string{}
	for _, one := range catalogue() {
		names[one.flag()] = one.name
	}
	found := layer{}
	for _, step := range parsed.Path {
		if step.Flag == nil || !isSetting(step.Flag) {
			continue
		}
		name, ok := names[step.Flag.Name]
		text, isText := parsed.FlagValue(step.Flag).(string)
		if ok && isText {
			found[name] = given{text: text, origin: "flag --" + step.Flag.Name}
		}
	}
	return found
}

// help prints what kong prints; only serve shows the settings, which every
// command takes.
func help(options kong.HelpOptions, parsed *kong.Context) error {
	selected := parsed.Selected()
	if selected == nil || selected.Name != "serve" {
		for _, flag := range parsed.Model.Flags {
			if isSetting(flag) {
				flag.Hidden = true
			}
		}
	}
	if err := kong.DefaultHelpPrinter(options, parsed); err != nil {
		return err
	}
	if selected == nil || selected.Name != "serve" {
		fmt.Fprintln(parsed.Stdout, "\nSettings are taken as flags, too: see `gatehouse serve --help`.")
	}
	return nil
}
