package dialects

import (
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Limits of what a client may send, well above what any grant needs.
const (
	maxParams        = 64
	maxAuthorization = 8 << 10
)

// Form is the only media type of the token endpoint (RFC 6749 section 3.2).
const Form = "application/x-www-form-urlencoded"

// Decode reads the parameters and the client's credentials out of a request
// whose body has been read. Errors are *oauth.Error: invalid_request for what
// is malformed, repeated or of two minds, invalid_client for an Authorization
// header that is not HTTP Basic.
func (r *Route) Decode(req *http.Request, body []byte) (oauth.Params, oauth.Credentials, error) {
	if req.URL.RawQuery != "" {
		return nil, oauth.Credentials{}, malformed("parameters belong in the body, this endpoint takes none in its URL")
	}
	if mediaType, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || mediaType != Form {
		return nil, oauth.Credentials{}, malformed("Content-Type must be " + Form)
	}
	params, err := parseForm(string(body))
	if err != nil {
		return nil, oauth.Credentials{}, err
	}
	credentials, err := readCredentials(req.Header.Values("Authorization"), params)
	return params, credentials, err
}

// parseForm is url.ParseQuery, but refuses what is repeated or not UTF-8 and
// leaves out what is empty (RFC 6749 section 3.1 and appendix B).
func parseForm(body string) (oauth.Params, error) {
	params, seen := oauth.Params{}, map[string]bool{}
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		if len(seen) == maxParams {
			return nil, malformed("too many parameters")
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil || !utf8.ValidString(name) {
			return nil, malformed("the body is not form-encoded UTF-8")
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil || !utf8.ValidString(value) {
			return nil, malformed("the body is not form-encoded UTF-8")
		}
		if seen[name] {
			return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonDuplicate, "a parameter is repeated")
		}
		seen[name] = true
		if value != "" {
			params[name] = value
		}
	}
	return params, nil
}

func readCredentials(headers []string, params oauth.Params) (oauth.Credentials, error) {
	id, secret := params["client_id"], params["client_secret"]
	assertion, kind := params["client_assertion"], params["client_assertion_type"]
	for _, name := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		delete(params, name) // no grant has any use for it
	}
	switch {
	case len(headers) > 1:
		return oauth.Credentials{}, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonDuplicate, "the Authorization header is repeated")
	case len(headers) == 1 && (secret != "" || assertion != "") || secret != "" && assertion != "":
		return oauth.Credentials{}, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonConflict, "the client authenticates by two methods at once")
	case len(headers) == 1:
		return basic(headers[0], id)
	case assertion != "":
		return byAssertion(assertion, kind, id)
	case secret != "":
		return oauth.Credentials{Method: oauth.AuthSecretPost, Readings: []oauth.Pair{{ClientID: id, Secret: secret}}}, nil
	case id != "":
		return oauth.Credentials{Method: oauth.AuthNone, Readings: []oauth.Pair{{ClientID: id}}}, nil
	default:
		return oauth.Credentials{}, nil
	}
}

// basic reads HTTP Basic form-decoded (RFC 6749 section 2.3.1) and, where that
// makes a difference, raw (RFC 7617), as many programs send it.
func basic(header, bodyID string) (oauth.Credentials, error) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") || len(encoded) > maxAuthorization {
		return oauth.Credentials{}, oauth.Errorf(oauth.InvalidClient, oauth.ReasonMalformed, "the Authorization header must be HTTP Basic")
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	rawID, rawSecret, found := strings.Cut(string(decoded), ":")
	if err != nil || !found || !utf8.Valid(decoded) {
		return oauth.Credentials{}, oauth.Errorf(oauth.InvalidClient, oauth.ReasonMalformed, "the Authorization header is not base64 of client_id:client_secret")
	}
	raw := oauth.Pair{ClientID: rawID, Secret: rawSecret}
	readings := []oauth.Pair{raw}
	id, errID := url.QueryUnescape(rawID)
	secret, errSecret := url.QueryUnescape(rawSecret)
	if errID == nil && errSecret == nil && (oauth.Pair{ClientID: id, Secret: secret}) != raw {
		readings = []oauth.Pair{{ClientID: id, Secret: secret}, raw}
	}
	if bodyID != "" && bodyID != readings[0].ClientID && bodyID != raw.ClientID {
		return oauth.Credentials{}, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonConflict, "client_id differs from the one in the Authorization header")
	}
	if readings[0].Secret == "" {
		return oauth.Credentials{}, oauth.Errorf(oauth.InvalidClient, oauth.ReasonMissing, "the client secret is empty")
	}
	return oauth.Credentials{Method: oauth.AuthSecretBasic, Readings: readings}, nil
}

func malformed(description string) error {
	return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "%s", description)
}
