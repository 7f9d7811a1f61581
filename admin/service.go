package admin

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Config is what the rules need to know about this platform.
type Config struct {
	PublicURL   *url.URL // the shared host: scheme, host, port and perhaps a path
	Timing      keys.Timing
	Dialects    []Dialect // those that a tenant may switch on
	Grants      []string  // registered grant_type values
	AuthMethods []string  // registered token_endpoint_auth_method values
	// PublicGrants are those of Grants that clients may use which prove nothing.
	PublicGrants []string
	// CheckURL says what is wrong with a URL that this platform is to ask; nil:
	// none may be given.
	CheckURL func(url string) error
	// NewKey returns a maker of signing keys of a tenant, with RSA keys of that
	// size; nil: one that calls keys.Generate.
	NewKey func(s *keys.Sealer, tenantID string, bits int) keys.NewKey
	// Passwords hashes those of users; nil: as many at once as there is need.
	Passwords *passwords.Hasher
}

// Hasher computes HMAC-SHA-256 over parts under a tenant's pepper;
// *keys.Peppers satisfies it.
type Hasher interface {
	MAC(ctx context.Context, tenantID string, parts ...string) ([]byte, error)
}

// Service is the use cases. Its methods answer *Error for what the actor did
// wrong and any other error for what failed here. What belongs to a tenant is
// named by the tenant's slug; an actor that may not reach the tenant is told
// not_found, just as for a slug that nobody has.
type Service struct {
	store   Store
	sealer  *keys.Sealer
	peppers Hasher
	cfg     Config
	now     func() time.Time
}

// New makes a Service. now is the platform's clock.
func New(store Store, sealer *keys.Sealer, peppers Hasher, cfg Config, now func() time.Time) *Service {
	if cfg.NewKey == nil {
		cfg.NewKey = func(s *keys.Sealer, tenantID string, bits int) keys.NewKey {
			return func(alg string) (keys.Key, error) { return keys.Generate(s, tenantID, alg, bits) }
		}
	}
	if cfg.CheckURL == nil {
		cfg.CheckURL = func(string) error { return errors.New("this program asks nobody") }
	}
	return &Service{store: store, sealer: sealer, peppers: peppers, cfg: cfg, now: now}
}

// AllScopes returns every admin scope, for an actor that may do everything.
func AllScopes() oauth.Scopes {
	var all oauth.Scopes
	for _, scope := range tenants.AdminAPI("").Scopes {
		all = append(all, scope.Name)
	}
	return all
}

// IsOperator reports whether the actor reaches every tenant.
func (a Actor) IsOperator() bool { return a.TenantID == "" }

// need answers forbidden unless the actor has the scope.
func (a Actor) need(scope string) error {
	if a.Scopes.Has(scope) {
		return nil
	}
	return &Error{
		Code: CodeForbidden, Message: "this needs the scope " + scope, Details: map[string]any{"scope": scope},
	}
}

// reach returns the tenant, if the actor has the scope and reaches the tenant.
func (s *Service) reach(ctx context.Context, a Actor, scope, slug string) (*tenants.Tenant, error) {
	if err := a.need(scope); err != nil {
		return nil, err
	}
	t, err := s.store.Tenant(ctx, slug)
	if err == nil && !a.IsOperator() && t.ID != a.TenantID {
		err = tenants.ErrNotFound
	}
	if err != nil {
		return nil, unknown(err, "tenant", slug)
	}
	return t, nil
}

// reachOne is reach, and returns one thing of the tenant's, too, which find finds
// by its id.
func reachOne[T any](ctx context.Context, s *Service, a Actor, scope, slug, thing, id string,
	find func(ctx context.Context, tenantID, id string) (*T, error),
) (*tenants.Tenant, *T, error) {
	t, err := s.reach(ctx, a, scope, slug)
	if err != nil {
		return nil, nil, err
	}
	one, err := find(ctx, t.ID, id)
	if err != nil {
		return nil, nil, unknown(err, thing, id)
	}
	return t, one, nil
}

// instant is the present as it is stored: UTC, in the microseconds that every
// database keeps.
func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// event describes a change for the audit log.
func (s *Service) event(a Actor, tenantID, action, target string, details map[string]any) tenants.AuditEvent {
	return tenants.AuditEvent{
		ID: newID(), TenantID: tenantID, At: s.instant(), Actor: a.Name, Action: action, Target: target,
		Details: details, RequestID: a.RequestID, Address: a.Address,
	}
}

// newID makes the id of something new; later ids sort after earlier ones.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// refused turns what a store answers about a thing into an *Error; field names
// what is taken where the thing exists already. Other errors stay as they are.
func refused(err error, thing, field string) error {
	var known *Error
	var taken *tenants.TakenError
	if errors.As(err, &taken) {
		field = taken.Field
	}
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case taken != nil && (field == "id" || field == "client_id"): // users and clients share them
		return &Error{Code: CodeExists, Field: field, Message: "a user or a client has this id already", Err: err}
	case errors.Is(err, tenants.ErrNotFound):
		return &Error{Code: CodeNotFound, Message: "there is no such " + thing, Err: err}
	case errors.Is(err, tenants.ErrExists):
		return &Error{Code: CodeExists, Field: field, Message: "there is such a " + thing + " already", Err: err}
	case errors.Is(err, tenants.ErrStale):
		return &Error{Code: CodeStale, Message: "the " + thing + " was changed by somebody else in the meantime: read it again", Err: err}
	case errors.Is(err, ErrAmbiguous):
		return &Error{
			Code: CodeAmbiguous, Field: field, Err: err,
			Message: "on the shared host another tenant has the same audience and a client of the same client_id, so that a token request could not be told apart",
		}
	}
	return err
}

// unknown is refused, and repeats the name by which the caller looked for the
// thing. What secrets are found by is never repeated: a secret itself may have
// been given in its place.
func unknown(err error, thing, name string) error {
	var known *Error
	if errors.Is(err, tenants.ErrNotFound) && !errors.As(err, &known) {
		return &Error{Code: CodeNotFound, Message: "there is no such " + thing + ": " + quoted(name), Err: err}
	}
	return refused(err, thing, "")
}

// attempts bounds how often a change that lost a race is tried again.
const attempts = 10

// retried repeats a change that read what it changes and found it stale. A
// caller who named the version wants to hear of it instead.
func retried[T any](version int64, change func() (T, error)) (T, error) {
	changed, err := change()
	for n := 1; n < attempts && version == 0 && isStale(err); n++ {
		changed, err = change()
	}
	return changed, err
}

func isStale(err error) bool {
	var known *Error
	return errors.Is(err, tenants.ErrStale) || errors.As(err, &known) && known.Code == CodeStale
}

// current answers stale unless have is the version that the caller wants, 0 for any.
func current(have, want int64, thing string) error {
	if want != 0 && have != want {
		return refused(tenants.ErrStale, thing, "")
	}
	return nil
}
