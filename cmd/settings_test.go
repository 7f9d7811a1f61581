package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// load merges settings from what a test writes down.
func load(t *testing.T, yaml string, environ []string, flags map[string]string) (*Settings, error) {
	t.Helper()
	config := ""
	if yaml != "" {
		config = filepath.Join(t.TempDir(), "gatehouse.yaml")
		if err := os.WriteFile(config, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flagged := layer{}
	for name, text := range flags {
		flagged[name] = given{text, "flag --" + strings.ReplaceAll(name, "_", "-")}
	}
	return LoadSettings(config, environ, flagged)
}

func TestDefaultsAreThoseOfTheContract(t *testing.T) {
	s, err := load(t, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]any{
		"listen":          {s.Listen, ":8080"},
		"admin_listen":    {s.AdminListen, ""},
		"metrics_listen":  {s.MetricsListen, ""},
		"public_url":      {s.PublicURL, "http://localhost:8080"},
		"database_url":    {s.DatabaseURL, DatabaseURL("sqlite:gatehouse-data/gatehouse.db")},
		"feed_poll":       {s.FeedPoll, 200 * time.Millisecond},
		"max_staleness":   {s.MaxStaleness, 30 * time.Second},
		"clock_skew":      {s.ClockSkew, time.Minute},
		"jwks_max_age":    {s.JWKSMaxAge, 5 * time.Minute},
		"rotation_period": {s.RotationPeriod, 720 * time.Hour},
		"rotation_lead":   {s.RotationLead, 24 * time.Hour},
		"audit_retention": {s.AuditRetention, 400 * 24 * time.Hour},
		"password_slots":  {s.PasswordSlots, 0},
		"default_tenant":  {s.DefaultTenant, ""},
		"log_level":       {s.LogLevel, "info"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s = %v, want %v", name, pair[0], pair[1])
		}
	}
}

func TestALaterLayerWins(t *testing.T) {
	const yaml = "listen: :1\nadmin_listen: :11\nmetrics_listen: :12\n"
	environ := []string{"GATEHOUSE_LISTEN=:2", "GATEHOUSE_ADMIN_LISTEN=:22"}
	s, err := load(t, yaml, environ, map[string]string{"listen": ":3"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != ":3" || s.AdminListen != ":22" || s.MetricsListen != ":12" || s.PublicURL != "http://localhost:8080" {
		t.Errorf("flag, environment, file, default gave %s %s %s %s", s.Listen, s.AdminListen, s.MetricsListen, s.PublicURL)
	}
	if s, err = load(t, yaml, []string{"GATEHOUSE_ADMIN_LISTEN="}, nil); err != nil || s.AdminListen != "" {
		t.Errorf("an empty value replaces one: got %q, %v", s.AdminListen, err)
	}
}

func TestListsInYAML(t *testing.T) {
	s, err := load(t, "trusted_proxies: [10.0.0.0/8, 127.0.0.1]\nmaster_key:\n  - one\n  - two\n", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.TrustedProxies); got != "[10.0.0.0/8 127.0.0.1/32]" {
		t.Errorf("trusted_proxies = %s", got)
	}
	if s.MasterKey != "one,two" {
		t.Errorf("master_key = %q", string(s.MasterKey))
	}
}

func TestWrongSettingsAreRefusedAndNamed(t *testing.T) {
	for name, c := range map[string]struct {
		yaml    string
		environ string
		flag    string
		want    []string
	}{
		"unknown in the file":        {yaml: "log_level: info\nlisten: :1\nfeed_pol: 1s\n", want: []string{"gatehouse.yaml:3: unknown setting feed_pol", "did you mean feed_poll?"}},
		"unknown without likeness":   {yaml: "colour_of_the_door: red\n", want: []string{"gatehouse.yaml:1: unknown setting colour_of_the_door", "gatehouse serve --help"}},
		"twice in the file":          {yaml: "listen: :1\nlisten: :2\n", want: []string{"gatehouse.yaml:2", "already defined"}},
		"null in the file":           {yaml: "\nlisten:\n", want: []string{"gatehouse.yaml:2: listen: has no value"}},
		"list for one value":         {yaml: "listen: [':1', ':2']\n", want: []string{"gatehouse.yaml:1: listen: takes one value, not a list"}},
		"nested":                     {yaml: "listen:\n  port: 80\n", want: []string{"gatehouse.yaml:1: listen: takes a plain value"}},
		"not a mapping":              {yaml: "- listen\n", want: []string{"gatehouse.yaml:1", "must be a mapping"}},
		"second document":            {yaml: "listen: :1\n---\nlisten: :2\n", want: []string{"gatehouse.yaml:3", "second document"}},
		"wrong value in the file":    {yaml: "# times\nfeed_poll: often\n", want: []string{"feed_poll (gatehouse.yaml:2)", `"often" is not a duration`, "200ms"}},
		"unknown and like nothing":   {environ: "GATEHOUSE_BOGUS=1", want: []string{"unknown environment variable GATEHOUSE_BOGUS; `gatehouse serve --help` lists all settings"}},
		"unknown in the environment": {environ: "GATEHOUSE_LISTN=:1", want: []string{"unknown environment variable GATEHOUSE_LISTN", "did you mean GATEHOUSE_LISTEN?"}},
		"wrong in the environment":   {environ: "GATEHOUSE_CLOCK_SKEW=60", want: []string{"clock_skew (environment GATEHOUSE_CLOCK_SKEW)", `"60" is not a duration`}},
		"empty":                      {environ: "GATEHOUSE_DATABASE_URL=", want: []string{"database_url (environment GATEHOUSE_DATABASE_URL): is empty"}},
		"empty secret":               {environ: "GATEHOUSE_MASTER_KEY=", want: []string{"master_key (environment GATEHOUSE_MASTER_KEY): is empty"}},
		"wrong flag":                 {flag: "jwks_max_age=-1s", want: []string{"jwks_max_age (flag --jwks-max-age)", "-1s is out of range; allowed is 1s to 24h"}},
		"no port":                    {flag: "listen=localhost", want: []string{"listen (flag --listen)", `"localhost" is not an address`, ":8080"}},
		"port too high":              {flag: "listen=:65536", want: []string{`":65536" is not an address`}},
		"listeners collide":          {environ: "GATEHOUSE_METRICS_LISTEN=:8080", want: []string{"metrics_listen", "taken by listen"}},
		"poll above staleness":       {yaml: "feed_poll: 2s\nmax_staleness: 2s\n", want: []string{"feed_poll (gatehouse.yaml:1): 2s must be shorter than max_staleness (2s)"}},
		"skew too large":             {flag: "clock_skew=6m", want: []string{"clock_skew", "6m is out of range; allowed is 0s to 5m"}},
		"lead too short":             {yaml: "rotation_lead: 6m29s\n", want: []string{"rotation_lead (gatehouse.yaml:1)", "6m29s is too short", "at least 6m30s"}},
		"lead too short by default":  {yaml: "jwks_max_age: 24h\n", want: []string{"rotation_lead (default)", "at least 24h1m30s"}},
		"too many slots":             {yaml: "password_slots: 65\n", want: []string{"password_slots (gatehouse.yaml:1)", "0 to 64"}},
		"slots are no number":        {yaml: "password_slots: many\n", want: []string{"password_slots (gatehouse.yaml:1)"}},
		"period within lead":         {yaml: "rotation_period: 24h\n", want: []string{"rotation_period", "24h must be longer than rotation_lead (24h)"}},
		"public url with path":       {flag: "public_url=https://a.example/x", want: []string{"public_url (flag --public-url)", "has a path"}},
		"public url with query":      {flag: "public_url=https://a.example?x", want: []string{"has a path, query or fragment"}},
		"public url relative":        {flag: "public_url=a.example", want: []string{"not an absolute http or https URL"}},
		"public url with user":       {flag: "public_url=https://me:secret@a.example", want: []string{"holds a user name"}},
		"database unknown":           {flag: "database_url=mysql://x", want: []string{"database_url (flag --database-url)", "sqlite: or postgres://"}},
		"database in memory":         {flag: "database_url=sqlite::memory:", want: []string{"takes the path of a file"}},
		"password on the line":       {flag: "database_url=postgres://me:pw123@h/d", want: []string{"holds a password", "GATEHOUSE_DATABASE_URL"}},
		"password as parameter":      {flag: "database_url=postgres://h/d?password=pw123", want: []string{"holds a password"}},
		"proxy":                      {flag: "trusted_proxies=10.0.0.0/8,proxy", want: []string{"trusted_proxies", `"proxy" is neither an IP address nor a network`}},
		"proxy beyond its mask":      {flag: "trusted_proxies=10.1.0.0/8", want: []string{"the network is 10.0.0.0/8"}},
		"certificate without key":    {flag: "tls_cert=c.pem", want: []string{"tls_cert", "needs tls_key"}},
		"key without certificate":    {flag: "tls_key=k.pem", want: []string{"tls_key", "needs tls_cert"}},
		"bootstrap half":             {environ: "GATEHOUSE_BOOTSTRAP_CLIENT_ID=me", want: []string{"bootstrap_client_id", "needs bootstrap_client_secret"}},
		"bootstrap other half":       {environ: "GATEHOUSE_BOOTSTRAP_CLIENT_SECRET=hush", want: []string{"needs bootstrap_client_id"}},
		"default tenant":             {flag: "default_tenant=Acme Inc", want: []string{"default_tenant", "not a slug"}},
		"log level":                  {flag: "log_level=loud", want: []string{"log_level", `"loud" is unknown`, "debug, info, warn, error"}},
		"missing secret file":        {flag: "master_key_file=/does/not/exist", want: []string{"master_key_file (flag --master-key-file)", "/does/not/exist"}},
		"two ways":                   {yaml: "master_key: a\nmaster_key_command: b\n", want: []string{"master_key (gatehouse.yaml:1) and master_key_command (gatehouse.yaml:2)", "only one"}},
	} {
		t.Run(name, func(t *testing.T) {
			var environ []string
			if c.environ != "" {
				environ = []string{c.environ}
			}
			flags := map[string]string{}
			if name, text, ok := strings.Cut(c.flag, "="); ok {
				flags[name] = text
			}
			_, err := load(t, c.yaml, environ, flags)
			if err == nil {
				t.Fatal("nothing was refused")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			for _, secret := range []string{"pw123", "hush", "me:secret"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q shows a secret", err)
				}
			}
		})
	}
}

func TestEveryWrongSettingIsNamedAtOnce(t *testing.T) {
	_, err := load(t, "listen: nowhere\nlog_level: loud\n", nil, map[string]string{"tls_cert": "x"})
	for _, want := range []string{"listen", "log_level", "tls_cert"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestABrokenFileIsNotQuoted(t *testing.T) {
	_, err := load(t, "listen: :1\nmaster_key: \"hush-hush\n", nil, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "gatehouse.yaml:2: ") || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}

func TestVariablesOfOthersAreLeftAlone(t *testing.T) {
	for _, entry := range []string{
		"GATEHOUSE_TEST_DATABASE_URL=x", "GATEHOUSE_CONFIG=", "GATEHOUSES=x", "PATH=/bin",
		"GATEHOUSE_SERVICE_HOST=10.0.0.1", "GATEHOUSE_SERVICE_PORT=80", "GATEHOUSE_SERVICE_PORT_HTTP=80",
		"GATEHOUSE_PORT=tcp://10.0.0.1:80", "GATEHOUSE_PORT_80_TCP=tcp://10.0.0.1:80", "GATEHOUSE_PORT_80_TCP_ADDR=10.0.0.1",
		"GATEHOUSE_ADMIN_SERVICE_HOST=10.0.0.1", "GATEHOUSE_ADMIN_PORT_80_TCP_PROTO=tcp",
	} {
		if _, err := load(t, "", []string{entry}, nil); err != nil {
			t.Errorf("%s: %v", entry, err)
		}
	}
	if _, err := load(t, "", []string{"GATEHOUSE_PORT=8080"}, nil); err == nil {
		t.Error("GATEHOUSE_PORT=8080 was taken for a setting of somebody else")
	}
}
