package verify

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says whose tokens a [Verifier] accepts, for whom, and how long it may
// rely on what it fetched. Only Issuers and Audiences are required.
type Config struct {
	// Issuers are the only issuers whose tokens are accepted. The iss of a token is
	// compared octet by octet (RFC 9068 section 4), and each is an https URL
	// without query and fragment. http is allowed for loopback addresses, localhost
	// and *.localhost.
	Issuers []string

	// Audiences are this resource server's own names. A token must carry at least
	// one of them in aud. The first one is the realm of the challenges.
	Audiences []string

	// Algorithms are the accepted values of alg, out of RS256, PS256, ES256 and
	// EdDSA (Ed25519); all four if empty.
	Algorithms []string

	// Leeway is granted to exp, nbf and iat for clocks that differ. Zero means 60
	// seconds; a negative value means none. More than 10 minutes is refused.
	Leeway time.Duration

	// KeysMaxAge is how long a fetched key set is relied on while its issuer
	// answers; a shorter max-age of the answer shortens it, down to 30 seconds.
	// Zero means 5 minutes; less than 30 seconds is refused.
	KeysMaxAge time.Duration

	// ScheduleMaxAge is the same for the key schedule, and thus bounds how long a
	// revoked key may still verify. A shorter max-age of the answer shortens it,
	// down to 5 seconds. Zero means 60 seconds; less than 5 seconds is refused.
	ScheduleMaxAge time.Duration

	// KeepKeys is the age up to which known keys keep verifying while their issuer
	// is away. Zero means 24 hours; less than KeysMaxAge is refused.
	KeepKeys time.Duration

	// AllowHTTP permits issuers and key sets by plain http on any host. Whoever can
	// change packets on the way can then forge every token.
	AllowHTTP bool

	// Client makes the requests to issuers. Redirects are never followed and each
	// refresh ends after 5 seconds, whatever this client says. Nil means a client of
	// the Verifier's own, which uses the proxy of the environment and reaches
	// *.localhost at the loopback address without asking DNS (RFC 6761 section 6.3).
	Client *http.Client

	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

const (
	keysGap     = 30 * time.Second // between two requests for one issuer's keys
	coldGap     = 5 * time.Second  // the same while there are none yet
	scheduleGap = 5 * time.Second
	mostLeeway  = 10 * time.Minute
)

func (c Config) withDefaults() Config {
	if len(c.Algorithms) == 0 {
		c.Algorithms = []string{RS256, PS256, ES256, EdDSA}
	}
	setDefault(&c.Leeway, 60*time.Second)
	setDefault(&c.KeysMaxAge, 5*time.Minute)
	setDefault(&c.ScheduleMaxAge, 60*time.Second)
	setDefault(&c.KeepKeys, max(24*time.Hour, c.KeysMaxAge))
	c.Leeway = max(c.Leeway, 0)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

func (c Config) check() error {
	if len(c.Issuers) == 0 {
		return errors.New("verify: Config.Issuers is empty")
	}
	if len(c.Audiences) == 0 || slices.Contains(c.Audiences, "") {
		return errors.New("verify: Config.Audiences is empty or holds an empty string")
	}
	for _, issuer := range c.Issuers {
		if err := checkURL(issuer, c.AllowHTTP); err != nil {
			return fmt.Errorf("verify: issuer %q: %w", issuer, err)
		}
		if strings.ContainsAny(issuer, "?#") {
			return fmt.Errorf("verify: issuer %q: must have no query and no fragment", issuer)
		}
	}
	for _, alg := range c.Algorithms {
		if !slices.Contains([]string{RS256, PS256, ES256, EdDSA}, alg) {
			return fmt.Errorf("verify: algorithm %q: must be RS256, PS256, ES256 or EdDSA", alg)
		}
	}
	switch {
	case c.Leeway > mostLeeway:
		return fmt.Errorf("verify: Config.Leeway is over %v", mostLeeway)
	case c.KeysMaxAge < keysGap:
		return fmt.Errorf("verify: Config.KeysMaxAge is under %v", keysGap)
	case c.ScheduleMaxAge < scheduleGap:
		return fmt.Errorf("verify: Config.ScheduleMaxAge is under %v", scheduleGap)
	case c.KeepKeys < c.KeysMaxAge:
		return errors.New("verify: Config.KeepKeys is under Config.KeysMaxAge")
	}
	return nil
}

// checkURL admits what keys may be fetched from.
func checkURL(raw string, allowHTTP bool) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return errors.New("not a URL")
	case u.Host == "" || u.User != nil:
		return errors.New("must be an absolute URL without user information")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && (allowHTTP || isLoopback(u.Hostname())):
		return nil
	}
	return errors.New("must be https")
}
