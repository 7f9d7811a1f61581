package grants

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Bounds of what an endpoint may answer.
const (
	maxRemoteClaims = 50
	maxClaimName    = 200 // bytes
	maxRemoteScopes = 100
	maxRefusal      = 200 // bytes of a description
)

// decision is what an endpoint says: who gets a token.
type decision struct {
	// Subject is the client_id for the client itself, or a user's id; Username
	// names a user by what people sign in with. One of them is set.
	Subject  string
	Username string
	// Scopes bounds what is granted; nil: no bound.
	Scopes    *oauth.Scopes
	Claims    map[string]any
	ExpiresIn int // bounds the token's life in seconds; 0: no bound
}

// readDecision reads the answer of an endpoint that agrees. Errors name the
// fault, and no value.
func readDecision(body []byte) (*decision, error) {
	fields, err := members(body, "sub", "username", "scopes", "claims", "expires_in")
	if err != nil {
		return nil, err
	}
	d := &decision{}
	var scopes *[]string
	for name, to := range map[string]any{"sub": &d.Subject, "username": &d.Username, "scopes": &scopes, "expires_in": &d.ExpiresIn} {
		if fields[name] != nil && json.Unmarshal(fields[name], to) != nil {
			return nil, fmt.Errorf("%s has another type than it must have", name)
		}
	}
	if (d.Subject == "") == (d.Username == "") {
		return nil, errors.New("exactly one of sub and username must say who the token is for")
	}
	if fields["expires_in"] != nil && (d.ExpiresIn < 1 || d.ExpiresIn > math.MaxInt32) {
		return nil, errors.New("expires_in must be a number of seconds, at least 1")
	}
	if err := d.setScopes(scopes); err != nil {
		return nil, err
	}
	return d, d.setClaims(fields["claims"])
}

func (d *decision) setScopes(names *[]string) error {
	if names == nil {
		return nil
	}
	if len(*names) > maxRemoteScopes {
		return fmt.Errorf("scopes has %d entries, %d are allowed", len(*names), maxRemoteScopes)
	}
	if !slices.ContainsFunc(*names, func(name string) bool { return !oauth.ValidScope(name) }) {
		d.Scopes = (*oauth.Scopes)(names)
		return nil
	}
	return errors.New("scopes holds what is no scope (RFC 6749 section 3.3)")
}

// setClaims takes none that this platform decides about.
func (d *decision) setClaims(data json.RawMessage) error {
	if data == nil {
		return nil
	}
	if len(data) > maxFurther {
		return fmt.Errorf("claims has %d bytes, %d are allowed", len(data), maxFurther)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // as it was written
	if decoder.Decode(&d.Claims) != nil {
		return errors.New("claims must be an object")
	}
	if len(d.Claims) > maxRemoteClaims {
		return fmt.Errorf("claims has %d entries, %d are allowed", len(d.Claims), maxRemoteClaims)
	}
	for name, value := range d.Claims {
		switch {
		case name == "" || len(name) > maxClaimName:
			return fmt.Errorf("a claim's name must have 1 to %d bytes", maxClaimName)
		case !tenants.SettableClaim(name):
			return fmt.Errorf("the claim %s is not the endpoint's to make", name)
		case name == tenants.MayAct && !tenants.IsMayAct(value):
			return errors.New("the claim may_act must be an object with sub, client_id or both, and iss if need be, all strings")
		case value == nil:
			return fmt.Errorf("the claim %q is null", name)
		}
	}
	return nil
}

// refusals are the codes by which an endpoint may refuse; each other one is
// answered as invalid_grant.
func refusals() []oauth.Code {
	return []oauth.Code{
		oauth.InvalidGrant, oauth.InvalidRequest, oauth.InvalidScope, oauth.AccessDenied, oauth.AuthorizationPending, oauth.SlowDown,
	}
}

// readRefusal reads the answer of an endpoint that does not agree (RFC 6749
// section 5.2). The first result is what the client is told.
func readRefusal(body []byte) (*oauth.Error, error) {
	fields, err := members(body, "error", "error_description")
	if err != nil {
		return nil, err
	}
	var code oauth.Code
	description := "the grant is refused"
	if json.Unmarshal(fields["error"], &code) != nil || code == "" {
		return nil, errors.New("error must say why it is refused")
	}
	if text := fields["error_description"]; text != nil && json.Unmarshal(text, &description) != nil {
		return nil, errors.New("error_description has another type than it must have")
	}
	description = strings.ToValidUTF8(description[:min(len(description), maxRefusal)], "")
	reason := oauth.ReasonForbidden
	switch {
	case !slices.Contains(refusals(), code):
		code = oauth.InvalidGrant
	case code == oauth.AuthorizationPending || code == oauth.SlowDown:
		reason = oauth.ReasonPending
	case code == oauth.AccessDenied:
		reason = oauth.ReasonDenied
	}
	return oauth.Errorf(code, reason, "%s", description), nil
}

// members takes a JSON object apart. Any name but those allowed, and one that is
// there twice, is an error; null counts as absent.
func members(body []byte, allowed ...string) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	found, seen := map[string]json.RawMessage{}, map[string]bool{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, errors.New("it is no JSON")
		}
		text, _ := name.(string) // names are texts
		var value json.RawMessage
		switch {
		case decoder.Decode(&value) != nil:
			return nil, errors.New("it is no JSON")
		case !slices.Contains(allowed, text):
			return nil, fmt.Errorf("it has the unknown field %.100q", text)
		case seen[text]:
			return nil, fmt.Errorf("it has the field %s twice", text)
		}
		if seen[text] = true; string(value) != "null" {
			found[text] = value
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, errors.New("it is no JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return found, nil
}
