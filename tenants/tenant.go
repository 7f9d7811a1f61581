// Package tenants holds what a tenant owns (its APIs, clients and their
// secrets), how a request finds its tenant, and the Directory, which keeps all
// of that in memory for the token path. It never talks to a database itself
// and knows nothing of keys, grants or HTTP.
package tenants

import (
	"errors"
	"net/netip"
	"strings"
	"time"
)

// Errors that every store of tenant-owned things answers with.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
	ErrStale    = errors.New("changed by somebody else in the meantime")
	ErrReused   = errors.New("used before")
	// ErrUnavailable means that the store could not be asked or could not
	// write now (away, too slow, disk full, read-only); the same call may
	// work later.
	ErrUnavailable = errors.New("the database is unavailable")
)

// OperatorSlug is the slug of the tenant whose admin tokens reach every tenant.
const OperatorSlug = "operator"

// Status says whether a tenant or a client may be used.
type Status string

// The values of Status. A tenant is active or suspended, a client active or
// disabled.
const (
	Active    Status = "active"
	Suspended Status = "suspended"
	Disabled  Status = "disabled"
)

// Tenant is one house of the platform: an issuer with its own clients, APIs,
// users and signing keys.
type Tenant struct {
	ID     string `json:"id" gorm:"primaryKey"` // UUIDv7, never used again
	Slug   string `json:"slug"`                 // [a-z0-9-], unique, found at /t/{slug}
	Name   string `json:"name"`
	Issuer string `json:"issuer"` // fixed when the tenant is made
	// Hosts are the tenant's own host names, lower case, without a port; the
	// first one is canonical.
	Hosts    []string `json:"hosts" gorm:"-"`
	Dialects []string `json:"dialects" gorm:"serializer:json"`
	// DialectSettings are values that a dialect needs, by dialect and name.
	DialectSettings map[string]map[string]string `json:"dialect_settings" gorm:"serializer:json"`

	Status   Status `json:"status"`
	Lifetime `gorm:"embedded"`
	// ExcessLifetime says what becomes of a request that asks for a longer life
	// than it may have: ClampExcess or RefuseExcess.
	ExcessLifetime  string `json:"excess_lifetime"`
	RefreshLifetime `gorm:"embedded"`
	// LoginByEmail lets users sign in by their e-mail address too, which is then
	// unique among addresses and usernames.
	LoginByEmail bool `json:"login_by_email"`
	// BrandColor and BackgroundColor are #rrggbb, for the tenant's pages; empty:
	// the platform's.
	BrandColor      string `json:"brand_color"`
	BackgroundColor string `json:"background_color"`
	// SigningAlg signs the tenant's tokens unless the API says otherwise;
	// KeyBits is the size of new RSA keys.
	SigningAlg string `json:"signing_alg"`
	KeyBits    int    `json:"key_bits"`
	// RotationPeriod is how many seconds a key signs; 0: as the platform says.
	// While RotationPaused no key follows another but by order.
	RotationPeriod int       `json:"rotation_period"`
	RotationPaused bool      `json:"rotation_paused"`
	Version        int64     `json:"-"` // counts changes: the ETag
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

// Lifetime bounds access tokens in seconds; 0 means not set here.
type Lifetime struct {
	Default int `json:"access_token_lifetime,omitempty" gorm:"column:access_token_lifetime"`
	Max     int `json:"max_access_token_lifetime,omitempty" gorm:"column:max_access_token_lifetime"`
}

// Values of Tenant.ExcessLifetime.
const (
	ClampExcess  = "clamp"  // it gets the longest that it may have
	RefuseExcess = "refuse" // it gets invalid_request
)

// IsOperator reports whether the tenant's admin tokens reach every tenant.
func (t *Tenant) IsOperator() bool { return t.Slug == OperatorSlug }

// IsAtPath reports whether the tenant's endpoints, as its metadata names them, are
// below its path on the shared host.
func (t *Tenant) IsAtPath() bool { return strings.HasSuffix(t.Issuer, "/t/"+t.Slug) }

// NormalHost returns host as tenants store it: lower case, without port and
// without a trailing dot, an IPv6 address without its brackets. It returns "" for
// what cannot be a host with a port or none.
func NormalHost(host string) string {
	port := ""
	if bracketed, ok := strings.CutPrefix(host, "["); ok {
		literal, rest, closed := strings.Cut(bracketed, "]")
		address, err := netip.ParseAddr(literal)
		before, after, _ := strings.Cut(rest, ":")
		if !closed || err != nil || !address.Is6() || before != "" {
			return ""
		}
		host, port = address.String(), after
	} else {
		host, port, _ = strings.Cut(host, ":")
	}
	if len(port) > 5 || strings.Trim(port, "0123456789") != "" {
		return ""
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for i := range len(host) {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != ':' {
			return ""
		}
	}
	return host
}
