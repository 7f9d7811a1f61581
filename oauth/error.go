package oauth

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code is an error code as the client sees it.
type Code string

// Error codes of RFC 6749 section 5.2, RFC 8707 section 2 and our own few.
const (
	InvalidRequest         Code = "invalid_request"
	InvalidClient          Code = "invalid_client"
	InvalidGrant           Code = "invalid_grant"
	UnauthorizedClient     Code = "unauthorized_client"
	UnsupportedGrantType   Code = "unsupported_grant_type"
	InvalidScope           Code = "invalid_scope"
	InvalidTarget          Code = "invalid_target"
	AccessDenied           Code = "access_denied"
	InvalidToken           Code = "invalid_token" // RFC 6750 section 3.1
	TenantSuspended        Code = "tenant_suspended"
	UnknownTenant          Code = "unknown_tenant"
	SlowDown               Code = "slow_down"
	AuthorizationPending   Code = "authorization_pending" // RFC 8628 section 3.5
	ExpiredToken           Code = "expired_token"         // RFC 8628 section 3.5
	TooLarge               Code = "request_too_large"
	ServerError            Code = "server_error"
	TemporarilyUnavailable Code = "temporarily_unavailable"
)

// Codes of answers that are about HTTP alone: no spec knows them.
const (
	NotFound         Code = "not_found"
	MethodNotAllowed Code = "method_not_allowed"
	HungUp           Code = "client_hung_up" // in logs and metrics only
)

// Reason says more finely than Code what was wrong. It is for logs, metrics
// and dialects that answer the reasons differently.
type Reason string

// The reasons that a dialect may tell apart.
const (
	ReasonMissing   Reason = "missing"
	ReasonMalformed Reason = "malformed"
	ReasonDuplicate Reason = "duplicate"
	ReasonUnknown   Reason = "unknown"
	ReasonWrong     Reason = "wrong"
	ReasonExpired   Reason = "expired"
	ReasonDisabled  Reason = "disabled"
	ReasonForbidden Reason = "forbidden"
	ReasonPending   Reason = "pending"
	ReasonDenied    Reason = "denied" // by a person
	ReasonThrottled Reason = "throttled"
	ReasonConflict  Reason = "conflict"
	ReasonInternal  Reason = "internal"
)

// ErrInvalidToken means that a token was not signed by a live key of its tenant,
// is of another type, or is not valid at this instant.
var ErrInvalidToken = errors.New("invalid token")

// InvalidTokenf makes an ErrInvalidToken that says why.
func InvalidTokenf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalidToken, fmt.Sprintf(format, args...))
}

// Error is what a token request may end in. It carries no HTTP status: the
// dialect decides. Description is shown to the client and must hold no secret;
// Err reaches only the log.
type Error struct {
	Code        Code
	Reason      Reason
	Description string
	RetryAfter  time.Duration // where waiting helps
	Err         error
}

// longestDescription bounds what of a request an answer can give back, in octets.
const longestDescription = 500

// Errorf makes an Error whose description is formatted, and cut where it is long.
func Errorf(code Code, reason Reason, format string, args ...any) *Error {
	description := fmt.Sprintf(format, args...)
	if len(description) > longestDescription {
		description = strings.ToValidUTF8(description[:longestDescription], "") + "..."
	}
	return &Error{Code: code, Reason: reason, Description: description}
}

func (e *Error) Error() string {
	text := string(e.Code) + " (" + string(e.Reason) + "): " + e.Description
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// AsError returns err as an *Error. Whatever is not one becomes a
// server_error that tells the client nothing.
func AsError(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return &Error{Code: ServerError, Reason: ReasonInternal, Description: "the request could not be answered", Err: err}
}

// Codes returns the error codes that a token service answers with.
func Codes() []Code {
	return []Code{
		InvalidRequest, InvalidClient, InvalidGrant, UnauthorizedClient, UnsupportedGrantType, InvalidScope, InvalidTarget,
		AccessDenied, InvalidToken, TenantSuspended, UnknownTenant, SlowDown, AuthorizationPending, ExpiredToken, TooLarge, ServerError, TemporarilyUnavailable,
	}
}

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonMissing, ReasonMalformed, ReasonDuplicate, ReasonUnknown, ReasonWrong, ReasonExpired, ReasonDisabled, ReasonForbidden,
		ReasonThrottled, ReasonPending, ReasonDenied, ReasonConflict, ReasonInternal,
	}
}
