// Package admin holds what people and programs may change, and their rules:
// each use case authorises its actor, validates, and calls one store method
// that makes the change, its audit event and its feed event one transaction.
// The admin API and the command line are thin layers over it.
package admin

import (
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// ErrAmbiguous means that two tenants of the shared host could not be told
// apart any more: same audience, same client_id.
var ErrAmbiguous = errors.New("ambiguous on the shared host")

// MissingError means that a change names something that is not there.
type MissingError struct{ Thing, Name string }

func (e *MissingError) Error() string { return "there is no " + e.Thing + " " + e.Name }

// Actor is who asks for a change.
type Actor struct {
	Name      string // as the audit log shows it
	TenantID  string // the only tenant that it reaches; empty: every tenant
	Scopes    oauth.Scopes
	RequestID string
	Address   string
}

// Code names what went wrong, for programs. It never changes its meaning.
type Code string

// The codes of Error.
const (
	CodeInvalid   Code = "invalid"   // a value is not allowed
	CodeForbidden Code = "forbidden" // the actor may not do that
	CodeNotFound  Code = "not_found" // also for what the actor may not see
	CodeExists    Code = "exists"    // the name is taken
	CodeStale     Code = "stale"     // changed by somebody else in the meantime
	CodeAmbiguous Code = "ambiguous" // ErrAmbiguous
	CodeTooEarly  Code = "too_early" // Details["earliest"] says from when on it is possible
	CodeInUse     Code = "in_use"    // something else still needs it
)

// Error is the answer to a change that was not made. Field is the JSON name of
// the value that is wrong, where there is one.
type Error struct {
	Code    Code
	Field   string
	Message string
	Details map[string]any
	Err     error
}

// Errorf makes an Error about a field, which may be empty.
func Errorf(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }
