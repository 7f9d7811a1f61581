package dialects

import (
	"bytes"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Request is what a route understood of an HTTP request.
type Request struct {
	// Route is the one that answers: of several with the method and path, the
	// first that has the grant_type.
	Route       *Route
	Params      oauth.Params
	Credentials oauth.Credentials
	Profile     oauth.Profile
	Habits      []Habit // the unsafe ones that it showed
}

// Decode reads the parameters and the client's credentials out of a request
// whose body has been read. Where it fails it still returns what it understood.
// Errors are *oauth.Error: invalid_request for what is malformed, repeated or
// of two minds, invalid_client for credentials that are none, and what the spec
// says for a parameter that is missing.
func (r *Route) Decode(req *http.Request, body []byte) (*Request, error) {
	r = r.among(req, body)
	q := &Request{Route: r, Profile: r.profile}
	sent, err := r.open(req, body)
	if err != nil {
		return q, err
	}
	if len(r.params) == 0 && !r.reads.query && req.URL.RawQuery != "" {
		return q, malformed("parameters belong in the body, this endpoint takes none in its URL")
	}
	if q.Params, err = r.collect(sent); err != nil {
		return q, err
	}
	q.Profile.SentGrantType = sent.grantType
	q.Habits = r.shown(sent)
	if q.Credentials, err = r.credentials(sent, q.Params); err != nil {
		return q, err
	}
	return q, r.conclude(q)
}

// reading is what a route looks at, worked out when its spec is read.
type reading struct {
	form, json, none           bool
	query, bearer              bool
	basicParts                 bool
	basic                      []Source // the readings of HTTP Basic as credentials
	body, assertion, id, stand bool
	session                    bool     // from a cookie
	notInQuery                 []string // secrets that the URL must not hold, as it is read
}

// sent is a request taken apart.
type sent struct {
	body, query oauth.Params
	encoding    Encoding
	headers     []string // Authorization
	bearer      string
	pair        string // of HTTP Basic, decoded from base64
	grantType   string // in the words of the dialect, where it has its own
	request     *http.Request
}

// open takes the request apart as far as the route looks.
func (r *Route) open(req *http.Request, body []byte) (*sent, error) {
	s, err := r.openParams(req, body)
	if err != nil {
		return nil, err
	}
	return s, r.openAuthorization(s)
}

// openParams is open without regard to the Authorization header.
func (r *Route) openParams(req *http.Request, body []byte) (*sent, error) {
	s := &sent{request: req, headers: req.Header.Values("Authorization"), encoding: EncodingNone}
	if err := r.openBody(s, req.Header.Values("Content-Type"), body); err != nil || !r.reads.query {
		return s, err
	}
	var err error
	if s.query, err = parseForm(req.URL.RawQuery, r.IgnoreCase); err != nil {
		return nil, err
	}
	for _, name := range r.reads.notInQuery {
		if _, there := s.query[name]; there {
			return nil, malformed(name + " is secret and does not belong in the URL")
		}
	}
	return s, nil
}

func (r *Route) openBody(s *sent, contentTypes []string, body []byte) (err error) {
	if r.reads.none && len(body) == 0 {
		return nil
	}
	if len(contentTypes) > 1 {
		return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonDuplicate, "the Content-Type header is repeated")
	}
	mediaType := ""
	if header := strings.Join(contentTypes, ""); header != "" {
		if mediaType, _, err = mime.ParseMediaType(header); err != nil {
			mediaType = "none"
		}
	}
	switch {
	case r.reads.json && (mediaType == "application/json" || isUnnamedJSON(mediaType, body)):
		s.encoding = EncodingJSON
		s.body, err = parseJSON(body, r.IgnoreCase)
	case r.reads.form && mediaType == formType:
		s.encoding = EncodingForm
		s.body, err = parseForm(string(body), r.IgnoreCase)
	default:
		return malformed("Content-Type must be " + r.mediaTypes())
	}
	return err
}

// isUnnamedJSON reports whether a body is a JSON object although its type, which
// programs send unless they are told another, does not say so. No form of any
// system begins like one.
func isUnnamedJSON(mediaType string, body []byte) bool {
	usual := mediaType == "" || mediaType == "text/plain" || mediaType == formType
	return usual && bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{"))
}

// formType is the media type of the standard's token endpoint (RFC 6749 section 3.2).
const formType = "application/x-www-form-urlencoded"

func (r *Route) mediaTypes() string {
	switch {
	case r.reads.form && r.reads.json:
		return formType + " or application/json"
	case r.reads.json:
		return "application/json"
	case r.reads.form:
		return formType
	default:
		return "absent, as the body is"
	}
}

// collect returns the parameters by the names that operations know.
func (r *Route) collect(s *sent) (oauth.Params, error) {
	params := oauth.Params{}
	if len(r.Params) == 0 {
		if s.body != nil {
			params = s.body
		}
		return params, nil
	}
	if r.Others {
		maps.Copy(params, s.body)
		for _, p := range r.params {
			for _, spelling := range p.As {
				delete(params, spelling)
			}
			delete(params, p.Name)
		}
		for _, p := range r.fixed {
			delete(params, p.Name)
		}
	}
	for _, p := range r.params {
		value, err := s.value(p)
		if err != nil {
			return nil, err
		}
		if value == "" || value == p.Absent {
			continue
		}
		if p.Values != nil {
			known, ok := p.Values[value]
			if !ok {
				return nil, unknownValue(p.Name)
			}
			if p.Name == "grant_type" {
				s.grantType = value
			}
			value = known
		}
		params[p.Name] = value
	}
	for _, p := range r.fixed {
		params[p.Name] = p.Value
	}
	return params, nil
}

func unknownValue(name string) error {
	if name == "grant_type" {
		return oauth.Errorf(oauth.UnsupportedGrantType, oauth.ReasonUnknown, "this grant_type is not supported here")
	}
	return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonUnknown, "%s has a value that is not known here", name)
}

// conclude judges what the spec says about single parameters, and moves those
// that concern no operation into the profile.
func (r *Route) conclude(q *Request) error {
	for _, p := range r.params {
		value, ok := q.Params[p.Name]
		if !ok && p.Missing != "" && !(p.Name == "client_id" || p.Name == "client_secret") {
			return oauth.Errorf(p.Missing, oauth.ReasonMissing, "%s is missing", p.Name)
		}
		if ok && p.Equals != "" {
			q.Profile.Expected = append(slices.Clip(q.Profile.Expected), oauth.Expectation{
				Param: p.Name, Setting: p.Equals, Fallback: r.spec.fallback(p.Equals), Value: value,
			})
			delete(q.Params, p.Name)
		}
	}
	return nil
}

// shown returns the route's unsafe habits that this request shows.
func (r *Route) shown(s *sent) []Habit {
	if len(r.Unsafe) == 0 {
		return nil
	}
	var shown []Habit
	for _, habit := range r.Unsafe {
		if habit != SecretInQuery || r.secretInQuery(s) {
			shown = append(shown, habit)
		}
	}
	return shown
}

func (r *Route) secretInQuery(s *sent) bool {
	for _, p := range r.params {
		if !slices.Contains(words().secrets, p.Name) || !slices.Contains(p.From, FromQuery) {
			continue
		}
		for _, spelling := range p.As {
			if s.query[spelling] != "" {
				return true
			}
		}
	}
	return false
}

func malformed(description string) error {
	return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "%s", description)
}

// fold brings a parameter name into the form in which it is looked up.
func fold(name string, ignoreCase bool) string {
	if ignoreCase {
		return strings.ToLower(name)
	}
	return name
}
