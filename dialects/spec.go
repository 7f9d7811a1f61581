// Package dialects holds the wire shapes of token services as data: which path
// does what, where parameters come from, how answers and errors look. It knows
// HTTP's words but serves nothing, and decides nothing about who gets a token.
package dialects

import (
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Operation is what a route does.
type Operation string

// The operations that a spec may name.
const (
	Token               Operation = "token"
	DeviceAuthorization Operation = "device_authorization"
	SessionProof        Operation = "session_proof"
	Introspect          Operation = "introspect"
	Revoke              Operation = "revoke"
	Impersonatees       Operation = "impersonatees"
	Profile             Operation = "profile"
	SignIn              Operation = "sign_in"
	APIKeyCreate        Operation = "api_key_create"
	Authorize           Operation = "authorize"
	JWKS                Operation = "jwks"
	Metadata            Operation = "metadata"
	KeySchedule         Operation = "key_schedule"
)

// Spec is one dialect. What a route does not say itself, its spec says for all.
type Spec struct {
	Name        string `yaml:"name"` // a-z, 0-9 and -, as tenants switch it on
	Description string `yaml:"description"`
	// Grants are the grant types that its token routes serve; empty: all.
	Grants []string `yaml:"grants"`
	// Permission is what the subject of a token must be permitted; empty: nothing.
	Permission string   `yaml:"permission"`
	Lifetime   Lifetime `yaml:"lifetime"`
	// Client is the client that stands behind routes which name none.
	Client   *StandIn          `yaml:"client"`
	Settings []Setting         `yaml:"settings"`
	Claims   []Claim           `yaml:"claims"`
	Headers  map[string]string `yaml:"headers"` // of every answer
	// UnavailableScopes says what becomes of scopes that a client asks for and may
	// not have: "refuse" (unless given) or "ignore".
	UnavailableScopes string `yaml:"unavailable_scopes"`
	// OpaqueTokens is the form that opaque access tokens have: "uuid", or empty for
	// that of the platform.
	OpaqueTokens string   `yaml:"opaque_tokens"`
	Errors       Errors   `yaml:"errors"`
	Routes       []*Route `yaml:"routes"`

	file string // where it was read from
	text []byte
}

// Lifetime bounds the access tokens of a route, in seconds; 0: not set.
type Lifetime struct {
	Default int `yaml:"default"`
	Max     int `yaml:"max"`
	// Above says what becomes of a request for a longer life than is allowed:
	// "cap" (unless given) or "refuse".
	Above string `yaml:"above"`
}

// StandIn is the client that a tenant gets with the dialect. It goes by the
// dialect's name and works nowhere else.
type StandIn struct {
	Grants []string `yaml:"grants"`
}

// Setting is a value that each tenant may have for the dialect.
type Setting struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	// Default is what counts where the tenant has set nothing: tenant.id,
	// tenant.slug, tenant.name or tenant.issuer; empty: nothing.
	Default string `yaml:"default"`
}

// Claim is a claim that the dialect adds to access tokens.
type Claim struct {
	Name string `yaml:"name"`
	// Text is a fixed value, From where the value comes from: one of the two.
	Text string `yaml:"text"`
	From string `yaml:"from"`
	// As is "list" for words that become an array.
	As Form `yaml:"as"`
}

// Route says what a method on a path does, below a tenant's issuer.
type Route struct {
	Method    string    `yaml:"method"`
	Path      string    `yaml:"path"`
	Operation Operation `yaml:"operation"`
	// TrailingSlash makes the route answer at the path with a slash behind it, too.
	TrailingSlash bool `yaml:"trailing_slash"`
	// SharedHost makes the route answer on the shared host, too, for the tenant
	// that the audience finds.
	SharedHost bool `yaml:"shared_host"`
	// Body are the forms that the body may have: form (unless given), json, none.
	Body []Encoding `yaml:"body"`
	// Client are the ways by which a client may say who it is, Basic's readings
	// in the order in which they are tried.
	Client []Source `yaml:"client"`
	// Params are the parameters that the route knows. A route without any takes
	// all by their own names; so does one with Others.
	Params     []Param `yaml:"params"`
	Others     bool    `yaml:"others"`
	IgnoreCase bool    `yaml:"ignore_case"` // of parameter names
	// Unsafe are the habits that the route allows. It must name each that it has.
	Unsafe []Habit `yaml:"unsafe"`

	Grants     []string `yaml:"grants"`     // instead of the spec's
	Permission string   `yaml:"permission"` // instead of the spec's
	Lifetime   Lifetime `yaml:"lifetime"`   // instead of the spec's, if set
	// Renewable says that whoever has a token of this route can renew it by the
	// token itself, where another route serves that grant.
	Renewable bool `yaml:"renewable"`

	Status int    `yaml:"status"` // of success; 200 unless given
	Cookie string `yaml:"cookie"` // that sign_in sets, by its name
	// Location is where sign_in sends the client, where Status is a redirect: a
	// path below the tenant's issuer.
	Location    string  `yaml:"location"`
	ContentType string  `yaml:"content_type"`
	Answer      []Field `yaml:"answer"`
	// Items is the member that holds the list of an answer that is one, beside
	// next_page_token; empty: the list itself is the answer.
	Items  string      `yaml:"items"`
	Errors []ErrorRule `yaml:"errors"` // before the spec's

	spec    *Spec
	next    *Route // of the same method and path, for other grant types; nil: none
	profile oauth.Profile
	params  []*Param          // what the request may say
	fixed   []*Param          // what it may not
	names   *strings.Replacer // of parameters, by what clients call them
	reads   reading
	fields  []field
}

// ReadsSession reports whether the route takes the session from a cookie of the
// dialect's.
func (r *Route) ReadsSession() bool { return r.reads.session }

// OpenToPages reports whether pages of the origins that the spec's client lists
// may use the route: it stands behind the route, or its tokens are what the route
// takes, and no cookie proves anything there.
func (r *Route) OpenToPages() bool {
	if r.spec.Client == nil || r.reads.session || r.Operation == SignIn {
		return false
	}
	return r.reads.stand || slices.Contains([]Operation{Profile, Impersonatees, APIKeyCreate}, r.Operation)
}

// Spec returns the dialect that the route belongs to.
func (r *Route) Spec() *Spec { return r.spec }

// Profile returns what the route adds to the rules of a token request.
func (r *Route) Profile() oauth.Profile { return r.profile }

// Path returns the path of an operation's first route, "" for none.
func (s *Spec) Path(o Operation) string {
	for _, r := range s.Routes {
		if r.Operation == o {
			return r.Path
		}
	}
	return ""
}

// Root returns where the paths of a tenant with that issuer begin: at the issuer,
// or above one that lies where the dialect has its metadata.
func (s *Spec) Root(issuer string) string {
	own, _, found := strings.Cut(s.Path(Metadata), "/.well-known/")
	if !found {
		return issuer
	}
	return strings.TrimSuffix(issuer, own)
}

// SessionCookies returns the names of the cookies from which routes take the
// session of a browser, each once.
func (s *Spec) SessionCookies() []string {
	var names []string
	for _, r := range s.Routes {
		for _, p := range r.Params {
			if p.Name == "session" && slices.Contains(p.From, FromCookie) {
				names = append(names, p.As...)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// NeedsHost reports whether some routes work on a tenant's own host only, as a
// cookie proves there who asks.
func (s *Spec) NeedsHost() bool {
	return slices.ContainsFunc(s.Routes, func(r *Route) bool { return r.ReadsSession() || r.Operation == SignIn })
}

// Habits returns the unsafe habits that the dialect allows, each once.
func (s *Spec) Habits() []Habit {
	var all []Habit
	for _, r := range s.Routes {
		for _, habit := range r.Unsafe {
			if !slices.Contains(all, habit) {
				all = append(all, habit)
			}
		}
	}
	return all
}

// TakesClient reports whether a client can say who it is by the method at the
// spec's token endpoint; at one that the spec has not, by every method.
func (s *Spec) TakesClient(method string) bool {
	endpoint := s.Path(Token)
	return endpoint == "" || slices.ContainsFunc(s.Routes, func(r *Route) bool {
		return r.Operation == Token && r.Path == endpoint && r.takesClient(method)
	})
}

func (r *Route) takesClient(method string) bool {
	switch method {
	case oauth.AuthSecretBasic:
		return len(r.reads.basic) > 0
	case oauth.AuthSecretPost:
		return r.reads.body
	case oauth.AuthPrivateKeyJWT, oauth.AuthSecretJWT:
		return r.reads.assertion
	case oauth.AuthNone:
		return r.reads.id
	}
	return false
}

// Serves reports whether a token route of the spec serves the grant.
func (s *Spec) Serves(grant string) bool {
	return slices.ContainsFunc(s.Routes, func(r *Route) bool {
		return r.Operation == Token && (len(r.Grants) == 0 || slices.Contains(r.Grants, grant))
	})
}
