package cmd

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// check answers every rule that the values together break.
func (s *Settings) check() error {
	return errors.Join(
		s.checkListeners(), s.checkPublicURL(), s.checkDatabase(), s.checkTLS(), s.checkBootstrap(),
		s.checkTimes(), s.checkNames())
}

func (s *Settings) checkListeners() error {
	var problems []error
	taken := map[string]string{}
	for _, one := range []struct{ name, address string }{
		{"listen", s.Listen}, {"admin_listen", s.AdminListen}, {"metrics_listen", s.MetricsListen},
	} {
		if one.address == "" {
			continue
		}
		_, port, err := net.SplitHostPort(one.address)
		number, portErr := strconv.ParseUint(port, 10, 16)
		switch {
		case err != nil || portErr != nil:
			problems = append(problems, s.problem(one.name, "%q is not an address; write [HOST]:PORT such as :8080 or 127.0.0.1:9090", one.address))
		case taken[one.address] != "" && number != 0:
			problems = append(problems, s.problem(one.name, "%q is taken by %s already; each listener needs its own address", one.address, taken[one.address]))
		}
		taken[one.address] = one.name
	}
	return errors.Join(problems...)
}

func (s *Settings) checkPublicURL() error {
	const allowed = "write scheme, host and port only, such as https://auth.example.com"
	u, err := url.Parse(s.PublicURL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return s.problem("public_url", "%q is not an absolute http or https URL; %s", s.PublicURL, allowed)
	case u.User != nil:
		return s.problem("public_url", "holds a user name; %s", allowed)
	case strings.Trim(u.Path, "/") != "" || strings.ContainsAny(s.PublicURL, "?#"):
		return s.problem("public_url", "%q has a path, query or fragment; %s", s.PublicURL, allowed)
	}
	s.PublicURL = u.Scheme + "://" + strings.ToLower(u.Host)
	return nil
}

// Warnings tells what is allowed and hardly wanted.
func (s *Settings) Warnings() []string {
	var warnings []string
	if u, err := url.Parse(s.PublicURL); err == nil && u.Scheme != "https" && !loopback(u.Hostname()) {
		warnings = append(warnings, s.problem("public_url", "%s is not https: tokens and secrets travel in the clear", s.PublicURL).Error())
	}
	if n := len(s.BootstrapClientSecret); n > 0 && n < wantedBootstrapSecret {
		warnings = append(warnings, s.problem(s.source("bootstrap_client_secret"), "has %d characters: whoever guesses it has every tenant; give %d or more", n, wantedBootstrapSecret).Error())
	}
	return warnings
}

// wantedBootstrapSecret is from how many characters on a secret that was given is
// not warned of. Shorter ones are taken, as systems in use have them.
const wantedBootstrapSecret = 16

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func (s *Settings) checkDatabase() error {
	name := s.source("database_url")
	if path, sqlite := s.DatabaseURL.SQLitePath(); sqlite {
		if path == "" || strings.ContainsAny(path, "?#") || strings.Contains(path, ":memory:") {
			return s.problem(name, "sqlite: takes the path of a file, such as sqlite:gatehouse-data/gatehouse.db")
		}
		return nil
	}
	u, err := url.Parse(string(s.DatabaseURL))
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" { // the value may hold a password
		return s.problem(name, "must begin with sqlite: or postgres:// and be a valid URL (escape special characters in the password with %%XX)")
	}
	if strings.HasPrefix(s.origins["database_url"], "flag") && s.DatabaseURL.password() {
		return s.problem(name, "holds a password, which the process list would show; use GATEHOUSE_DATABASE_URL or --database-url-file")
	}
	return nil
}

func (s *Settings) checkTLS() error {
	switch {
	case s.TLSCert != "" && s.TLSKey == "":
		return s.problem("tls_cert", "needs tls_key beside it")
	case s.TLSKey != "" && s.TLSCert == "":
		return s.problem("tls_key", "needs tls_cert beside it")
	}
	return nil
}

// tlsProblem says of which settings the certificate or its key is that cannot be
// read.
func (s *Settings) tlsProblem(err error) error {
	return s.problem("tls_cert", "with tls_key (%s): %v", s.origin("tls_key"), err)
}

func (s *Settings) checkBootstrap() error {
	switch {
	case s.BootstrapClientID != "" && s.BootstrapClientSecret == "":
		return s.problem("bootstrap_client_id", "needs bootstrap_client_secret beside it")
	case s.BootstrapClientID == "" && s.BootstrapClientSecret != "":
		return s.problem(s.source("bootstrap_client_secret"), "needs bootstrap_client_id beside it")
	}
	return nil
}

// bootstrapProblem says of which setting what is that the operator's client
// cannot be made of.
func (s *Settings) bootstrapProblem(err error) error {
	var refused *admin.Error
	if errors.As(err, &refused) && (refused.Field == "client_id" || refused.Field == "client_secret") {
		return s.problem(s.source("bootstrap_"+refused.Field), "%s", refused.Message)
	}
	return err
}

// maxPasswordSlots bounds the memory that passwords take to 1.2 GiB.
const maxPasswordSlots = 64

func (s *Settings) checkTimes() error {
	var problems []error
	for _, one := range []struct {
		name            string
		got, least, max time.Duration
	}{
		{"feed_poll", s.FeedPoll, 10 * time.Millisecond, 10 * time.Second},
		{"max_staleness", s.MaxStaleness, time.Second, 10 * time.Minute},
		{"clock_skew", s.ClockSkew, 0, 5 * time.Minute},
		{"jwks_max_age", s.JWKSMaxAge, time.Second, 24 * time.Hour},
		{"rotation_period", s.RotationPeriod, time.Minute, 10 * 365 * 24 * time.Hour},
		{"rotation_lead", s.RotationLead, time.Second, 365 * 24 * time.Hour},
		{"audit_retention", s.AuditRetention, 0, 100 * 365 * 24 * time.Hour},
	} {
		if one.got < one.least || one.got > one.max {
			problems = append(problems, s.problem(one.name, "%s is out of range; allowed is %s to %s", short(one.got), short(one.least), short(one.max)))
		}
	}
	if s.PasswordSlots < 0 || s.PasswordSlots > maxPasswordSlots {
		problems = append(problems, s.problem("password_slots", "%d is out of range; allowed is 0 to %d", s.PasswordSlots, maxPasswordSlots))
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	least := s.KeyTiming().Propagation()
	if s.FeedPoll >= s.MaxStaleness {
		problems = append(problems, s.problem("feed_poll", "%s must be shorter than max_staleness (%s)", short(s.FeedPoll), short(s.MaxStaleness)))
	}
	if s.RotationLead < least {
		problems = append(problems, s.problem("rotation_lead", "%s is too short: verifiers may not know a key yet when it signs; at least %s (jwks_max_age %s + max_staleness %s + clock_skew %s)",
			short(s.RotationLead), short(least), short(s.JWKSMaxAge), short(s.MaxStaleness), short(s.ClockSkew)))
	}
	if s.RotationPeriod <= s.RotationLead {
		problems = append(problems, s.problem("rotation_period", "%s must be longer than rotation_lead (%s)", short(s.RotationPeriod), short(s.RotationLead)))
	}
	return errors.Join(problems...)
}

// short writes a duration without the units that are zero.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

var slugPattern = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

func (s *Settings) checkNames() error {
	var problems []error
	if s.DefaultTenant != "" && !slugPattern.MatchString(s.DefaultTenant) {
		problems = append(problems, s.problem("default_tenant", "%q is not a slug; allowed are a-z, 0-9 and -, at most 63 characters", s.DefaultTenant))
	}
	if levels := []string{"debug", "info", "warn", "error"}; !slices.Contains(levels, s.LogLevel) {
		problems = append(problems, s.problem("log_level", "%q is unknown; allowed are %s", s.LogLevel, strings.Join(levels, ", ")))
	}
	return errors.Join(problems...)
}
