package verify

import "errors"

// Every error of [Verifier.Verify] and [Verifier.Authenticate] is one of these,
// by errors.Is. The error's text names the reason for the log and never repeats
// anything out of the token.
var (
	// ErrNoToken: the request carries no bearer token (401 without an error code,
	// RFC 6750 section 3.1).
	ErrNoToken = errors.New("no bearer token")
	// ErrInvalidRequest: a malformed Authorization header, more than one, or a token
	// in the query (400 invalid_request).
	ErrInvalidRequest = errors.New("invalid_request")
	// ErrInvalidToken: the token is malformed, not for us, out of its time, or its
	// signature or key does not hold (401 invalid_token).
	ErrInvalidToken = errors.New("invalid_token")
	// ErrInsufficientScope: the token is good and lacks a scope (403
	// insufficient_scope).
	ErrInsufficientScope = errors.New("insufficient_scope")
	// ErrUnavailable: no keys are held that could decide, and none could be fetched
	// (503 and Retry-After). It says nothing about the token.
	ErrUnavailable = errors.New("temporarily_unavailable")
)

// refusal is one of the errors above, with a reason that may be shown to the
// client and a cause that may not.
type refusal struct {
	kind   error
	reason string
	scope  string // what was required, for ErrInsufficientScope
	cause  error
}

func (r *refusal) Error() string {
	text := "verify: " + r.kind.Error() + ": " + r.reason
	if r.cause != nil {
		text += ": " + r.cause.Error()
	}
	return text
}

func (r *refusal) Unwrap() []error {
	if r.cause == nil {
		return []error{r.kind}
	}
	return []error{r.kind, r.cause}
}

func invalid(reason string) error {
	return &refusal{kind: ErrInvalidToken, reason: reason}
}
