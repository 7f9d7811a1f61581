package admin

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// reservedSlugs are those that no tenant can be given: they would be taken for
// something of the platform's.
func reservedSlugs() []string {
	return []string{tenants.OperatorSlug, "admin", "gatehouse", "healthz", "readyz"}
}

func checkSlug(slug string) error {
	const rule = "must be 1 to 63 of a-z, 0-9 and single hyphens between them"
	if len(slug) == 0 || len(slug) > 63 || strings.HasPrefix(slug, "-") || strings.HasSuffix(slug, "-") || strings.Contains(slug, "--") {
		return Errorf(CodeInvalid, "slug", rule)
	}
	for _, c := range slug {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return Errorf(CodeInvalid, "slug", rule)
		}
	}
	if slices.Contains(reservedSlugs(), slug) {
		return Errorf(CodeInvalid, "slug", "is reserved, as are %s", listed(reservedSlugs()))
	}
	return nil
}

// Bounds of rotation_period, in seconds: an hour, ten years.
const (
	minRotationPeriod = 3600
	maxRotationPeriod = 315360000
)

// checkTenant holds a tenant to the rules of what can be changed, and brings
// its hosts into the form in which they are stored.
func (s *Service) checkTenant(t *tenants.Tenant) error {
	if err := checkName("name", t.Name); err != nil {
		return err
	}
	if err := s.normalHosts(t); err != nil {
		return err
	}
	if err := s.checkDialects(t); err != nil {
		return err
	}
	if err := checkChoice("status", string(t.Status), []string{string(tenants.Active), string(tenants.Suspended)}); err != nil {
		return err
	}
	if err := checkChoice("signing_alg", t.SigningAlg, keys.Algs()); err != nil {
		return err
	}
	if !slices.Contains(keys.RSABits(), t.KeyBits) {
		return Errorf(CodeInvalid, "key_bits", "must be one of %v", keys.RSABits())
	}
	if t.RotationPeriod != 0 && (t.RotationPeriod < minRotationPeriod || t.RotationPeriod > maxRotationPeriod) {
		return Errorf(CodeInvalid, "rotation_period", "must be %d to %d seconds, or 0 for the platform's", minRotationPeriod, maxRotationPeriod)
	}
	if t.ExcessLifetime == "" {
		t.ExcessLifetime = tenants.ClampExcess
	}
	if err := checkChoice("excess_lifetime", t.ExcessLifetime, []string{tenants.ClampExcess, tenants.RefuseExcess}); err != nil {
		return err
	}
	if err := checkRefreshLifetime(t.RefreshLifetime); err != nil {
		return err
	}
	for field, color := range map[string]string{"brand_color": t.BrandColor, "background_color": t.BackgroundColor} {
		if color != "" && !tenants.ValidColor(color) {
			return Errorf(CodeInvalid, field, "must be a colour as #rrggbb, or empty for the platform's")
		}
	}
	return checkLifetime(t.Lifetime)
}

// normalHosts normalises the hosts. None may be the shared host, where tenants
// are told apart by path and audience.
func (s *Service) normalHosts(t *tenants.Tenant) error {
	if err := checkCount("hosts", len(t.Hosts)); err != nil {
		return err
	}
	hosts := make([]string, 0, len(t.Hosts))
	for _, given := range t.Hosts {
		host := tenants.NormalHost(given)
		switch {
		case !validHost(host):
			return Errorf(CodeInvalid, "hosts", "%s is not a host name, such as auth.example.com", quoted(given))
		case s.isShared(host):
			return Errorf(CodeInvalid, "hosts", "%s is the platform's shared host", host)
		case slices.Contains(hosts, host):
			return Errorf(CodeInvalid, "hosts", "%s is given twice", host)
		}
		hosts = append(hosts, host)
	}
	t.Hosts = hosts
	return nil
}

// isShared reports whether host is the platform's own, of which a loopback
// host is any.
func (s *Service) isShared(host string) bool {
	shared := tenants.NormalHost(s.cfg.PublicURL.Host)
	return host == shared || isLoopback(shared) && isLoopback(host)
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// validHost reports whether a normalised host is a DNS name or an IPv4 address.
func validHost(host string) bool {
	if len(host) > 253 || strings.Contains(host, ":") {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// issuer returns what a tenant without a given issuer gets: the public URL with
// the first host in place of its own, or the tenant's path below the public URL.
func (s *Service) issuer(t *tenants.Tenant) string {
	issuer := *s.cfg.PublicURL
	issuer.Path = strings.TrimSuffix(issuer.Path, "/")
	if len(t.Hosts) == 0 {
		issuer.Path += "/t/" + t.Slug
		return issuer.String()
	}
	port := issuer.Port()
	issuer.Host = t.Hosts[0]
	if port != "" {
		issuer.Host = net.JoinHostPort(t.Hosts[0], port)
	}
	return issuer.String()
}

// checkIssuer holds a given issuer to RFC 8414 section 2, and to one spelling,
// as it is compared octet by octet.
func checkIssuer(issuer string) error {
	const rule = "must be an https URL (http on a loopback host) with a lower-case host and neither user, query, fragment nor slash at its end"
	u, err := url.Parse(issuer)
	if err != nil || len(issuer) > 255 || u.String() != issuer || u.Host == "" || u.User != nil ||
		strings.ContainsAny(issuer, "?#%\\") || strings.HasSuffix(issuer, "/") || u.Host != strings.ToLower(u.Host) ||
		u.Path != "" && u.JoinPath().Path != u.Path {
		return Errorf(CodeInvalid, "issuer", rule)
	}
	host := u.Hostname()
	local := isLoopback(host) || strings.HasSuffix(host, ".localhost")
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return Errorf(CodeInvalid, "issuer", rule)
	}
	return nil
}
