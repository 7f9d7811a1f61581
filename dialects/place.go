package dialects

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// among returns the first of the routes of this method and path that lists the
// request's grant_type, or else the last of them: it judges what none can read.
func (r *Route) among(req *http.Request, body []byte) *Route {
	for ; r.next != nil; r = r.next {
		s, err := r.openParams(req, body)
		if err != nil {
			continue
		}
		grantType := r.param("grant_type")
		if value, err := s.value(grantType); err == nil && grantType.Values[value] != "" {
			break
		}
	}
	return r
}

// param returns what the route reads a parameter by, nil for one that it lists not.
func (r *Route) param(name string) *Param {
	for _, p := range r.params {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// value returns the parameter, from the only place where the request has it. What
// is no secret may be in several, if they agree or the first of them counts.
func (s *sent) value(p *Param) (string, error) {
	found := ""
	for _, source := range p.From {
		value, err := s.at(source, p)
		switch {
		case err != nil:
			return "", err
		case found == "":
			found = value
		case value != "" && !p.First && (value != found || slices.Contains(words().secrets, p.Name)):
			return "", sentTwice(p)
		}
	}
	return found, nil
}

// at returns the parameter from one place, under the only spelling that is there.
func (s *sent) at(source Source, p *Param) (string, error) {
	found := ""
	for _, spelling := range p.As {
		value := s.from(source, spelling)
		if value != "" && found != "" {
			return "", sentTwice(p)
		}
		found = cmp.Or(found, value)
		if source != FromBody && source != FromForm && source != FromJSON && source != FromQuery && source != FromCookie {
			break // these have no spellings
		}
	}
	return found, nil
}

func sentTwice(p *Param) error {
	return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonDuplicate, "%s is sent twice", p.Name)
}

func (s *sent) from(source Source, name string) string {
	switch source {
	case FromBody:
		return s.body[name]
	case FromForm:
		if s.encoding == EncodingForm {
			return s.body[name]
		}
	case FromJSON:
		if s.encoding == EncodingJSON {
			return s.body[name]
		}
	case FromQuery:
		return s.query[name]
	case FromBearer:
		return s.bearer
	case FromCookie:
		if cookies := s.request.CookiesNamed(name); len(cookies) == 1 { // who sent another is not known
			return cookies[0].Value
		}
	default:
		return basicPart(s.pair, source)
	}
	return ""
}
