package grants

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/netip"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// SignInStore counts attempts to sign in, for all nodes together.
type SignInStore interface {
	// TakeAttempt counts an attempt as a failure and returns 0, or does not and
	// returns how long the account must wait.
	TakeAttempt(ctx context.Context, a tenants.Attempt) (time.Duration, error)
	// KnowsSource reports whether the account has signed in from the source before.
	KnowsSource(ctx context.Context, a tenants.Attempt) (bool, error)
	// SignedIn takes back what TakeAttempt counted, and remembers the source.
	SignedIn(ctx context.Context, a tenants.Attempt) error
	// RehashPassword replaces old by hash, if it is still the user's.
	RehashPassword(ctx context.Context, tenantID, userID, old, hash string) error
}

// SignIn judges the passwords of people, for every grant and page that takes
// one. Attempts are counted before they are judged: per account, on all nodes
// together, and per address, on this node, so that nobody tries one password on
// many accounts.
type SignIn struct {
	directory Directory
	store     SignInStore
	hasher    *passwords.Hasher
	throttle  *Throttle
	floor     time.Duration
	now       func() time.Time
}

// FailureFloor is how long the answer to a wrong password takes at least. It
// is what the costliest hash of another system takes, bcrypt above a cost of 12
// apart, so that such an account is answered no later than one that does not exist.
const FailureFloor = 400 * time.Millisecond

// NewSignIn makes a SignIn whose refusals take floor at least.
func NewSignIn(directory Directory, store SignInStore, hasher *passwords.Hasher, floor time.Duration, now func() time.Time) *SignIn {
	return &SignIn{directory: directory, store: store, hasher: hasher, throttle: NewThrottle(now), floor: floor, now: now}
}

// Login is what somebody types to sign in.
type Login struct {
	Tenant    *tenants.Tenant
	Username  string // or e-mail address, where the tenant allows it
	Password  string
	Address   string // where it comes from
	RequestID string
}

// Password returns the user whose password that is. An unknown user, a wrong
// password and a disabled user are one invalid_grant, after the same work.
// Errors are *oauth.Error: also slow_down for an account that must wait, known
// or not, and for an address, temporarily_unavailable where too many passwords are being hashed,
// and invalid_request for a password longer than any.
func (s *SignIn) Password(ctx context.Context, l Login) (*tenants.User, error) {
	if passwords.TooLong(l.Password) {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "the password has more than %d characters", passwords.MaxLength)
	}
	floor := time.NewTimer(s.floor)
	defer floor.Stop()
	user, refused, err := s.judge(ctx, l, floor)
	if user != nil || err != nil {
		return user, err
	}
	select {
	case <-floor.C:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func errPassword() error {
	return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonWrong, "username or password is wrong")
}

// trial is a password that somebody tries on an account.
type trial struct {
	tenants.Attempt
	account  *tenants.User
	password string
	floor    *time.Timer // begins anew where somebody waited for a slot
}

// judge returns the user whose password it is, or what nobody is answered, once
// the floor is over.
func (s *SignIn) judge(ctx context.Context, l Login, floor *time.Timer) (user *tenants.User, refused, err error) {
	account, err := s.directory.UserByLogin(ctx, l.Tenant.ID, l.Username)
	if errors.Is(err, tenants.ErrNotFound) {
		digest := sha256.Sum256([]byte(tenants.Fold(l.Username)))
		account, err = &tenants.User{TenantID: l.Tenant.ID, ID: tenants.NoAccount(base64.RawURLEncoding.EncodeToString(digest[:]))}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	attempt := tenants.Attempt{TenantID: l.Tenant.ID, Account: account.ID, Source: source(l.Address), At: s.now(), RequestID: l.RequestID}
	t := trial{Attempt: attempt, account: account, password: l.Password, floor: floor}
	from := byAddress(l.Tenant.ID, asPerson, l.Address)
	if wait := s.throttle.Take(from); wait > 0 {
		user, err = s.atHome(ctx, t)
		return user, slowDown(wait, failedSignIns), err
	}
	user, err = s.evaluate(ctx, t)
	if user != nil || err != nil { // only wrong passwords count
		s.throttle.GiveBack(from)
	}
	return user, errPassword(), err
}

// atHome judges attempts on accounts that are at home at an address from which too
// many failed: whoever shares it with them cannot lock them out. All others, and
// wrong passwords, are nobody's and are answered alike, so that nobody finds out
// whose home it is.
func (s *SignIn) atHome(ctx context.Context, t trial) (*tenants.User, error) {
	known, err := s.store.KnowsSource(ctx, t.Attempt)
	if err != nil || !known {
		return nil, err
	}
	user, err := s.evaluate(ctx, t)
	if refused := (*oauth.Error)(nil); errors.As(err, &refused) && refused.Code == oauth.SlowDown {
		return nil, nil
	}
	return user, err
}

// failedSignIns is the same whatever the wait is for.
const failedSignIns = "failed attempts to sign in"

// evaluate returns the user if the password is the account's, nil if it is not.
func (s *SignIn) evaluate(ctx context.Context, t trial) (*tenants.User, error) {
	slot, err := s.hasher.Acquire(ctx, t.TenantID, t.Source)
	if errors.Is(err, passwords.ErrBusy) {
		return nil, &oauth.Error{
			Code: oauth.TemporarilyUnavailable, Reason: oauth.ReasonThrottled,
			Description: "too many passwords are being checked, try again", RetryAfter: time.Second, Err: err,
		}
	}
	if err != nil {
		return nil, err
	}
	defer slot.Release()
	t.floor.Reset(s.floor)
	wait, err := s.store.TakeAttempt(ctx, t.Attempt)
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		return nil, slowDown(wait, failedSignIns)
	}
	match, outdated := slot.Verify(t.account.PasswordHash, t.password)
	if !match || t.account.Status != tenants.Active || t.account.IsServiceAccount() {
		return nil, nil
	}
	if outdated {
		if err := s.rehash(ctx, slot, t.account, t.password); err != nil {
			return nil, err
		}
	}
	return t.account, s.store.SignedIn(ctx, t.Attempt)
}

func (s *SignIn) rehash(ctx context.Context, slot *passwords.Slot, user *tenants.User, password string) error {
	hash, err := slot.Hash(password)
	if err != nil {
		return err
	}
	return s.store.RehashPassword(ctx, user.TenantID, user.ID, user.PasswordHash, hash)
}

// household is how much of an IPv6 address one household has (RFC 6177).
const household = 64

// source returns the part of an address by which places are told apart.
func source(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(household)
	if err != nil {
		return ""
	}
	return prefix.String()
}
