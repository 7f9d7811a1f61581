package dialects

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Errors are the answers to requests that are refused.
type Errors struct {
	Form  ErrorForm   `yaml:"form"`
	Rules []ErrorRule `yaml:"rules"` // the first that fits counts
}

// ErrorRule says how an error of a code, and of a reason if it names one, is
// answered. What it does not say is as in the default spec.
type ErrorRule struct {
	Code        oauth.Code   `yaml:"code"`
	Reason      oauth.Reason `yaml:"reason"`
	Status      int          `yaml:"status"`
	As          oauth.Code   `yaml:"as"`          // the code as it is shown
	Description *string      `yaml:"description"` // instead of ours
	Form        ErrorForm    `yaml:"form"`
}

// ErrorForm is the shape of an error's body.
type ErrorForm string

// The values of ErrorForm.
const (
	ErrorOAuth ErrorForm = "oauth" // error and error_description (RFC 6749 section 5.2)
	ErrorCode  ErrorForm = "code"  // error alone
	ErrorText  ErrorForm = "text"  // the description as a JSON string
	ErrorEmpty ErrorForm = "empty" // nothing
)

// Refusal is how an error goes out.
type Refusal struct {
	Status      int
	ContentType string
	Body        []byte // nil: none
}

// wireError is the body of RFC 6749 section 5.2.
type wireError struct {
	Error       oauth.Code `json:"error"`
	Description string     `json:"error_description,omitempty"`
	RequestID   string     `json:"request_id,omitempty"`
}

// Refuse says how the route answers an error, in which parameters have the names
// that its clients know. The request's id is told with failures of ours, where the
// body has room for it.
func (r *Route) Refuse(e *oauth.Error, requestID string) Refusal {
	told := *e
	told.Description = r.names.Replace(e.Description)
	return r.spec.refuse(r.Errors, r.ContentType, &told, requestID)
}

// Refuse is Route.Refuse for a request that reached no route.
func (s *Spec) Refuse(e *oauth.Error, requestID string) Refusal {
	return s.refuse(nil, jsonType, e, requestID)
}

func (s *Spec) refuse(routes []ErrorRule, contentType string, e *oauth.Error, requestID string) Refusal {
	rule := ErrorRule{Code: e.Code}
	if own, ok := matching(routes, e); ok {
		rule = own
	} else if own, ok := matching(s.Errors.Rules, e); ok {
		rule = own
	}
	if rule.Status == 0 {
		rule.Status = usualStatus(e.Code)
	}
	if rule.As == "" {
		rule.As = e.Code
	}
	if rule.Form == "" {
		rule.Form = s.Errors.Form
	}
	description := allowed(e.Description)
	if rule.Description != nil {
		description = *rule.Description
	}
	refusal := Refusal{Status: rule.Status, ContentType: contentType}
	switch rule.Form {
	case ErrorEmpty:
	case ErrorText:
		refusal.Body = quoted(description)
	case ErrorCode:
		refusal.Body = encoded(wireError{Error: rule.As})
	default:
		body := wireError{Error: rule.As, Description: description}
		if rule.Status >= http.StatusInternalServerError {
			body.RequestID = requestID
		}
		refusal.Body = encoded(body)
	}
	return refusal
}

func matching(rules []ErrorRule, e *oauth.Error) (ErrorRule, bool) {
	for _, rule := range rules {
		if rule.Code == e.Code && (rule.Reason == "" || rule.Reason == e.Reason) {
			return rule, true
		}
	}
	return ErrorRule{}, false
}

// usualStatus returns the status that an error has where no rule says otherwise.
func usualStatus(code oauth.Code) int {
	switch code {
	case oauth.InvalidClient, oauth.InvalidToken:
		return http.StatusUnauthorized
	case oauth.AccessDenied, oauth.TenantSuspended:
		return http.StatusForbidden
	case oauth.UnknownTenant, oauth.NotFound:
		return http.StatusNotFound
	case oauth.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case oauth.TooLarge:
		return http.StatusRequestEntityTooLarge
	case oauth.SlowDown:
		return http.StatusTooManyRequests
	case oauth.ServerError:
		return http.StatusInternalServerError
	case oauth.TemporarilyUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

func encoded(body wireError) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings are always JSON
	}
	return text
}

// allowed keeps a description within the characters of RFC 6749 section 5.2.
func allowed(description string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, description)
}
