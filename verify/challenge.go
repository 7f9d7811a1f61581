package verify

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// Refuse answers a request with err, an error of this package, as RFC 6750
// section 3 says: a status, WWW-Authenticate, and a JSON object with error and
// error_description. What only the log may know is left out.
//
//	ErrNoToken            401  without an error code
//	ErrInvalidRequest     400  invalid_request
//	ErrInvalidToken       401  invalid_token
//	ErrInsufficientScope  403  insufficient_scope, with the scopes that are required
//	ErrUnavailable        503  Retry-After in seconds, no challenge
//	any other             500  server_error
func (v *Verifier) Refuse(w http.ResponseWriter, err error) {
	var body struct {
		Error       string `json:"error,omitempty"`
		Description string `json:"error_description,omitempty"`
	}
	status, code := statusOf(err)
	body.Error = code
	var why *refusal
	if errors.As(err, &why) {
		body.Description = why.reason
	}
	header := w.Header()
	switch status {
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", strconv.Itoa(int(coldGap.Seconds())))
	case http.StatusInternalServerError:
	default:
		header.Set("WWW-Authenticate", v.challenge(code, why))
	}
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The client is gone if this fails, and nobody is left to tell.
	_ = json.NewEncoder(w).Encode(body)
}

func statusOf(err error) (status int, code string) {
	switch {
	case errors.Is(err, ErrNoToken):
		return http.StatusUnauthorized, ""
	case errors.Is(err, ErrInvalidRequest):
		return http.StatusBadRequest, ErrInvalidRequest.Error()
	case errors.Is(err, ErrInvalidToken):
		return http.StatusUnauthorized, ErrInvalidToken.Error()
	case errors.Is(err, ErrInsufficientScope):
		return http.StatusForbidden, ErrInsufficientScope.Error()
	case errors.Is(err, ErrUnavailable):
		return http.StatusServiceUnavailable, ErrUnavailable.Error()
	}
	return http.StatusInternalServerError, "server_error"
}

// challenge always has a parameter: RFC 6750 section 3 demands one.
func (v *Verifier) challenge(code string, why *refusal) string {
	text := `Bearer realm="` + quotable(v.audiences[0]) + `"`
	if code == "" {
		return text
	}
	text += `, error="` + code + `"`
	if why == nil { // one of the bare errors, given to Refuse by a handler
		return text
	}
	text += `, error_description="` + quotable(why.reason) + `"`
	if why.scope != "" {
		text += `, scope="` + why.scope + `"`
	}
	return text
}

// quotable leaves what a parameter may hold (RFC 6750 section 3).
func quotable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, text)
}

func validScope(scope string) bool {
	return scope != "" && !strings.Contains(scope, " ") && quotable(scope) == scope
}
