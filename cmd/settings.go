package cmd

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/fetch"
	"github.com/gatehouse-auth/gatehouse/keys"
)

// Settings is what a node is told before it starts. Each field is one setting:
// `listen` in the YAML file, GATEHOUSE_LISTEN in the environment, --listen on
// the command line. A Secret has no flag: the process list would show it.
// Settings may be printed: secrets and passwords are left out.
type Settings struct {
	Listen        string `env:"LISTEN" envDefault:":8080" help:"Address that tokens are served at."`
	AdminListen   string `env:"ADMIN_LISTEN" empty:"ok" help:"Address of the admin API. Empty: the same listener."`
	MetricsListen string `env:"METRICS_LISTEN" empty:"ok" help:"Address of /metrics. Empty: no metrics."`
	PublicURL     string `env:"PUBLIC_URL" envDefault:"http://localhost:8080" help:"How the shared host is reached from outside: scheme, host and port."`

	DatabaseURL     DatabaseURL `env:"DATABASE_URL" envDefault:"sqlite:gatehouse-data/gatehouse.db" help:"sqlite:PATH or postgres://USER@HOST/NAME. One with a password goes into the environment or a file."`
	DatabaseURLFile string      `env:"DATABASE_URL_FILE" help:"File that holds the database URL."`

	MasterKey        Secret `env:"MASTER_KEY" list:"yes" help:"Master keys, separated by commas: the first seals, all open."`
	MasterKeyFile    string `env:"MASTER_KEY_FILE" help:"File that holds the master keys."`
	MasterKeyCommand string `env:"MASTER_KEY_COMMAND" help:"Shell command that prints the master keys."`

	TrustedProxies Proxies `env:"TRUSTED_PROXIES" empty:"ok" list:"yes" help:"Addresses or networks whose X-Forwarded-* headers count, separated by commas."`
	TLSCert        string  `env:"TLS_CERT" empty:"ok" help:"File with the certificate chain in PEM. Empty: no TLS here."`
	TLSKey         string  `env:"TLS_KEY" empty:"ok" help:"File with the certificate's private key in PEM."`

	FetchAllow fetch.Allow `env:"FETCH_ALLOW" empty:"ok" list:"yes" help:"Networks and hosts, separated by commas, that may be asked for the keys of clients and issuers although they are not public."`

	BootstrapClientID         string `env:"BOOTSTRAP_CLIENT_ID" empty:"ok" help:"Client id of the operator on an empty database."`
	BootstrapClientSecret     Secret `env:"BOOTSTRAP_CLIENT_SECRET" empty:"ok" help:"Client secret of the operator on an empty database."`
	BootstrapClientSecretFile string `env:"BOOTSTRAP_CLIENT_SECRET_FILE" help:"File that holds the operator's client secret."`

	FeedPoll       time.Duration `env:"FEED_POLL" envDefault:"200ms" help:"How often a node reads what others changed."`
	MaxStaleness   time.Duration `env:"MAX_STALENESS" envDefault:"30s" help:"How old a node's memory may be before it answers 503."`
	ClockSkew      time.Duration `env:"CLOCK_SKEW" envDefault:"60s" help:"How far the clocks of nodes and verifiers may be off."`
	JWKSMaxAge     time.Duration `env:"JWKS_MAX_AGE" envDefault:"300s" help:"How long verifiers may keep the public keys."`
	RotationPeriod time.Duration `env:"ROTATION_PERIOD" envDefault:"720h" help:"How long a signing key signs."`
	RotationLead   time.Duration `env:"ROTATION_LEAD" envDefault:"24h" help:"How long a signing key is published before it signs."`
	AuditRetention time.Duration `env:"AUDIT_RETENTION" envDefault:"9600h" help:"How long audit events are kept. 0: for ever."`

	DialectsDir   string `env:"DIALECTS_DIR" empty:"ok" help:"Directory with specs of further dialects, *.yaml. Empty: none."`
	PasswordSlots int    `env:"PASSWORD_SLOTS" envDefault:"0" help:"How many passwords are hashed at once. 0: half the cores, 4 at most."`

	DefaultTenant string `env:"DEFAULT_TENANT" empty:"ok" help:"Slug of the tenant that unknown hosts get. Empty: they get 404."`
	LogLevel      string `env:"LOG_LEVEL" envDefault:"info" help:"debug, info, warn or error."`

	origins  map[string]string // of the settings that were given
	dialects *dialects.Set     // those of the program and of DialectsDir
	further  further           // what the program has beside its own
}

// LoadSettings merges the layers (defaults, YAML file, environment, flags: a
// later one wins), reads the files that hold secrets, and checks every value.
// config is the path of the YAML file, empty for none; environ is as in
// os.Environ. The error names every setting that is wrong, where it came from
// and what is allowed.
func LoadSettings(config string, environ []string, flags layer) (*Settings, error) {
	merged, err := givenSettings(config, environ, flags)
	if err != nil {
		return nil, err
	}
	s := &Settings{origins: map[string]string{}}
	for name, given := range merged {
		s.origins[name] = given.origin
	}
	if err := s.parse(merged); err != nil {
		return nil, err
	}
	if err := s.readFiles(); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.dialects, err = dialects.Load(s.DialectsDir); err != nil {
		return nil, s.problem("dialects_dir", "%v", err)
	}
	return s, nil
}

// givenSettings merges the layers that LoadSettings merges, as they were written.
func givenSettings(config string, environ []string, flags layer) (layer, error) {
	file, wrongFile := fileLayer(config)
	environment, wrongEnvironment := envLayer(environ)
	if err := errors.Join(wrongFile, wrongEnvironment); err != nil {
		return nil, err
	}
	return merge(file, environment, flags)
}

func (s *Settings) parse(merged layer) error {
	values := map[string]string{}
	var problems []error
	for _, one := range catalogue() {
		given, ok := merged[one.name]
		if ok && given.text == "" && !one.emptyOK {
			problems = append(problems, s.problem(one.name, "is empty; give a value or leave it out"))
		}
		if ok {
			values[one.env()] = given.text
		}
	}
	err := env.ParseWithOptions(s, env.Options{Prefix: envPrefix, Environment: values})
	var all env.AggregateError
	if errors.As(err, &all) {
		for _, err := range all.Errors {
			problems = append(problems, s.unreadable(err, merged))
		}
	} else if err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// unreadable words what the parser of a single value said.
func (s *Settings) unreadable(err error, merged layer) error {
	var parse env.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	field, _ := reflect.TypeFor[Settings]().FieldByName(parse.Name)
	name := strings.ToLower(field.Tag.Get("env"))
	if field.Type == reflect.TypeFor[time.Duration]() {
		return s.problem(name, "%q is not a duration; write it like 200ms, 30s or 720h", merged[name].text)
	}
	return s.problem(name, "%v", parse.Err)
}

// problem is an error about one setting that says where its value came from.
func (s *Settings) problem(name, format string, args ...any) error {
	return fmt.Errorf("%s (%s): %s", name, s.origin(name), fmt.Sprintf(format, args...))
}

func (s *Settings) origin(name string) string {
	if origin, ok := s.origins[name]; ok {
		return origin
	}
	return "default"
}

// KeyTiming returns what the life of signing keys is planned by.
func (s *Settings) KeyTiming() keys.Timing {
	return keys.Timing{
		MaxAge: s.JWKSMaxAge, Staleness: s.MaxStaleness, Skew: s.ClockSkew,
		Period: s.RotationPeriod, Lead: s.RotationLead,
	}
}

// String lists the settings, a line each, without secrets.
func (s Settings) String() string {
	var text strings.Builder
	value := reflect.ValueOf(s)
	for _, one := range catalogue() {
		fmt.Fprintf(&text, "%s=%v (%s)\n", one.name, value.Field(one.field).Interface(), s.origin(one.name))
	}
	return text.String()
}

// GoString keeps %#v from printing more than String.
func (s Settings) GoString() string { return s.String() }
