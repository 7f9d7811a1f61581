package dialects

import "github.com/gatehouse-auth/gatehouse/oauth"

// Encoding is a form of a request's body.
type Encoding string

// The values of Encoding. EncodingNone allows a request without body.
const (
	EncodingForm Encoding = "form"
	EncodingJSON Encoding = "json"
	EncodingNone Encoding = "none"
)

// Source is where something in a request comes from.
type Source string

// Sources of parameters. FromBody is either form or json.
const (
	FromBody          Source = "body"
	FromForm          Source = "form"
	FromJSON          Source = "json"
	FromQuery         Source = "query"
	FromBearer        Source = "bearer"
	FromCookie        Source = "cookie"
	FromBasicUser     Source = "basic_user"     // up to the first colon of HTTP Basic
	FromBasicPassword Source = "basic_password" // between its first and its last colon
	FromBasicSecret   Source = "basic_secret"   // after its last colon
)

// Sources of a client's credentials.
const (
	ClientBasic     Source = "basic"     // HTTP Basic, form-decoded (RFC 6749 section 2.3.1)
	ClientBasicRaw  Source = "basic_raw" // HTTP Basic, as it stands (RFC 7617)
	ClientBody      Source = "body"      // client_id and client_secret
	ClientAssertion Source = "assertion" // client_assertion (RFC 7523 section 2.2)
	ClientNone      Source = "none"      // client_id alone, a public client
	ClientStandIn   Source = "stand_in"  // the spec's client
)

// Param is a parameter of a request.
type Param struct {
	Name string   `yaml:"name"` // as the operation knows it
	As   []string `yaml:"as"`   // its spellings on the wire; empty: Name
	From []Source `yaml:"from"` // empty: the body
	// First has the first place of From count where several differ.
	First bool `yaml:"first"`
	// Absent is a value that counts as if nothing had been sent; empty: none does.
	Absent string `yaml:"absent"`
	// Value is fixed: what the request says does not count.
	Value string `yaml:"value"`
	// Values are the only ones allowed, and what each stands for.
	Values map[string]string `yaml:"values"`
	// Missing is the error code where the request lacks the parameter; empty:
	// the operation judges.
	Missing oauth.Code `yaml:"missing"`
	// Equals is the tenant's setting that the value must equal where it is sent.
	Equals string `yaml:"equals"`

	told string // the first spelling, as it stands in As
}

// Habit is something that clients of a system do and should not.
type Habit string

// The habits that a route may allow.
const (
	SecretInQuery        Habit = "secret_in_query"
	GetThatActs          Habit = "get_that_acts"
	RenewalByAccessToken Habit = "renewal_by_access_token"
)
