package dialects

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// maxAuthorization bounds an Authorization header.
const maxAuthorization = 8 << 10

// openAuthorization reads the Authorization header as far as the route looks at
// it. One that it has no use for is passed over.
func (r *Route) openAuthorization(s *sent) error {
	wantsBasic := len(r.reads.basic) > 0 || r.reads.basicParts
	if len(s.headers) == 0 || !wantsBasic && !r.reads.bearer {
		return nil
	}
	if len(s.headers) > 1 {
		return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonDuplicate, "the Authorization header is repeated")
	}
	scheme, rest, _ := strings.Cut(s.headers[0], " ")
	rest = strings.TrimSpace(rest)
	if r.reads.bearer && strings.EqualFold(scheme, "Bearer") {
		s.bearer = rest
		return nil
	}
	if !wantsBasic {
		return nil
	}
	if !strings.EqualFold(scheme, "Basic") || len(rest) > maxAuthorization {
		return oauth.Errorf(oauth.InvalidClient, oauth.ReasonMalformed, "the Authorization header must be HTTP Basic")
	}
	decoded, err := base64.StdEncoding.DecodeString(rest)
	if err != nil || !utf8.Valid(decoded) || !strings.Contains(string(decoded), ":") {
		return oauth.Errorf(oauth.InvalidClient, oauth.ReasonMalformed, "the Authorization header is not base64 of client_id:client_secret")
	}
	s.pair = string(decoded)
	return nil
}

// basicPart returns a part of HTTP Basic that holds three, "" where it does not.
func basicPart(pair string, part Source) string {
	begin, end := strings.IndexByte(pair, ':'), strings.LastIndexByte(pair, ':')
	if begin == end {
		return ""
	}
	switch part {
	case FromBasicUser:
		return pair[:begin]
	case FromBasicPassword:
		return pair[begin+1 : end]
	default:
		return pair[end+1:]
	}
}

// credentials says which client asks, and how it proves that. Its
// proof is taken out of params: no grant has any use for it.
func (r *Route) credentials(s *sent, params oauth.Params) (oauth.Credentials, error) {
	id, secret := params["client_id"], params["client_secret"]
	assertion, kind := params["client_assertion"], params["client_assertion_type"]
	for _, name := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		delete(params, name)
	}
	if r.reads.stand {
		delete(params, "client_id")
		return oauth.Credentials{Method: oauth.AuthDialect, Readings: []oauth.Pair{{ClientID: r.spec.Name}}}, nil
	}
	hasBasic := s.pair != "" && len(r.reads.basic) > 0
	switch {
	case hasBasic && (secret != "" || assertion != "") || secret != "" && assertion != "":
		return oauth.Credentials{}, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonConflict, "the client authenticates by two methods at once")
	case hasBasic:
		return r.basic(s.pair, id)
	case assertion != "" && r.reads.assertion:
		return byAssertion(assertion, kind, id)
	case secret != "" && id != "" && r.reads.body:
		return oauth.Credentials{Method: oauth.AuthSecretPost, Readings: []oauth.Pair{{ClientID: id, Secret: secret}}}, nil
	case secret == "" && id != "" && r.reads.id:
		return oauth.Credentials{Method: oauth.AuthNone, Readings: []oauth.Pair{{ClientID: id}}}, nil
	default:
		named := oauth.Credentials{}
		if id != "" || secret != "" || assertion != "" || !r.reads.id { // only where a client needs no proof may it need no name
			named.Readings = []oauth.Pair{{ClientID: id}}
		}
		return named, nil // the authenticator says what is missing
	}
}

// basic reads HTTP Basic in the ways that the route names: form-decoded (RFC
// 6749 section 2.3.1) and, where that makes a difference, raw (RFC 7617), as
// many programs send it.
func (r *Route) basic(pair, bodyID string) (oauth.Credentials, error) {
	rawID, rawSecret, _ := strings.Cut(pair, ":")
	raw := oauth.Pair{ClientID: rawID, Secret: rawSecret}
	var readings []oauth.Pair
	named := bodyID == ""
	for _, way := range r.reads.basic {
		reading := raw
		if way == ClientBasic {
			id, errID := url.QueryUnescape(rawID)
			secret, errSecret := url.QueryUnescape(rawSecret)
			if errID == nil && errSecret == nil && utf8.ValidString(id) && utf8.ValidString(secret) {
				reading = oauth.Pair{ClientID: id, Secret: secret}
			}
		}
		named = named || bodyID == reading.ClientID
		if len(readings) == 0 || readings[0] != reading {
			readings = append(readings, reading)
		}
	}
	if !named {
		return oauth.Credentials{}, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonConflict, "client_id differs from the one in the Authorization header")
	}
	if readings[0].Secret == "" {
		return oauth.Credentials{Readings: readings[:1]}, oauth.Errorf(oauth.InvalidClient, oauth.ReasonMissing, "the client secret is empty")
	}
	return oauth.Credentials{Method: oauth.AuthSecretBasic, Readings: readings}, nil
}
