package verify

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Require returns a middleware that lets through only requests with a verified
// token that carries every one of scopes, and hands the token on by
// [FromContext]. Others are answered as [Verifier.Refuse] says. Within another
// middleware of the same Verifier the token is not verified again, so a router
// may require a token for all and scopes per route. A scope with characters
// beyond RFC 6749 section 3.3 panics.
func (v *Verifier) Require(scopes ...string) func(http.Handler) http.Handler {
	return v.middleware(false, scopes)
}

// Optional returns a middleware that lets a request without a token through, and
// treats one with a token as Require without scopes does: a bad token is refused,
// never taken for none.
func (v *Verifier) Optional() func(http.Handler) http.Handler {
	return v.middleware(true, nil)
}

func (v *Verifier) middleware(optional bool, scopes []string) func(http.Handler) http.Handler {
	for _, scope := range scopes {
		if !validScope(scope) {
			panic("verify: not a scope: " + scope)
		}
	}
	lacking := &refusal{kind: ErrInsufficientScope, reason: "the token lacks a scope", scope: strings.Join(scopes, " ")}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			found, err := v.authenticate(r)
			switch {
			case optional && errors.Is(err, ErrNoToken):
				next.ServeHTTP(w, r)
			case err != nil:
				v.Refuse(w, err)
			case !found.token.HasScopes(scopes...):
				v.Refuse(w, lacking)
			default:
				ctx := context.WithValue(r.Context(), contextKey{}, found)
				next.ServeHTTP(w, r.WithContext(ctx))
			}
		})
	}
}

// Authenticate returns the verified token of a request, for frameworks that the
// middleware does not fit. Errors: [ErrNoToken], [ErrInvalidRequest], and those
// of [Verifier.Verify]. The token comes in the Authorization header (RFC 6750
// section 2.1); one in the query is refused, and bodies are not read.
func (v *Verifier) Authenticate(r *http.Request) (*Token, error) {
	found, err := v.authenticate(r)
	return found.token, err
}

func (v *Verifier) authenticate(r *http.Request) (verified, error) {
	raw, err := bearer(r)
	if err != nil {
		return verified{}, err
	}
	if known, ok := r.Context().Value(contextKey{}).(verified); ok && known.by == v && known.raw == raw {
		return known, nil
	}
	token, err := v.Verify(r.Context(), raw)
	return verified{token: token, by: v, raw: raw}, err
}

func bearer(r *http.Request) (string, error) {
	// RFC 6750 section 2.3 and RFC 9700 section 4.3.2: URLs end up in logs.
	if r.URL.RawQuery != "" && r.URL.Query().Has("access_token") {
		return "", &refusal{kind: ErrInvalidRequest, reason: "a token in the query is refused"}
	}
	given := r.Header.Values("Authorization")
	if len(given) > 1 {
		return "", &refusal{kind: ErrInvalidRequest, reason: "more than one Authorization header"}
	}
	if len(given) == 0 {
		return "", &refusal{kind: ErrNoToken, reason: "a bearer token is required"}
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", &refusal{kind: ErrNoToken, reason: "a bearer token is required"}
	}
	token = strings.TrimLeft(token, " ")
	if token == "" || strings.ContainsAny(token, " \t,") {
		return "", &refusal{kind: ErrInvalidRequest, reason: "the Authorization header is malformed"}
	}
	return token, nil
}

type contextKey struct{}

// verified remembers who verified what: another Verifier has other issuers, and
// something between two middlewares may have changed the header.
type verified struct {
	token *Token
	by    *Verifier
	raw   string
}

// FromContext returns the token that a middleware verified, false where the
// request came without one.
func FromContext(ctx context.Context) (*Token, bool) {
	known, ok := ctx.Value(contextKey{}).(verified)
	return known.token, ok
}

// NewContext returns a context whose [FromContext] is token, for tests of handlers.
// No middleware takes it for verified.
func NewContext(ctx context.Context, token *Token) context.Context {
	return context.WithValue(ctx, contextKey{}, verified{token: token})
}
