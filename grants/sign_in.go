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
	// SignedIn takes back what TakeAttempt counted, and remembers the source.
	SignedIn(ctx context.Context, a tenants.Attempt) error
	// RehashPassword replaces old by hash, if it is still the user's.
	RehashPassword(ctx context.Context, tenantID, userID, old, hash string) error
}

// SignIn judges the passwords of people, for every grant and page that takes
// one. Attempts are counted per account before they are judged.
type SignIn struct {
	directory Directory
	store     SignInStore
	hasher    *passwords.Hasher
	floor     time.Duration
	now       func() time.Time
}

// FailureFloor is how long the answer to a wrong password takes at least. It
// is what the costliest hash of another system takes, so that such an account
// is answered no later than one that does not exist.
const FailureFloor = 400 * time.Millisecond

// NewSignIn makes a SignIn whose refusals take floor at least.
func NewSignIn(directory Directory, store SignInStore, hasher *passwords.Hasher, floor time.Duration, now func() time.Time) *SignIn {
	return &SignIn{directory: directory, store: store, hasher: hasher, floor: floor, now: now}
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
// or not, temporarily_unavailable where too many passwords are being hashed,
// and invalid_request for a password longer than any.
func (s *SignIn) Password(ctx context.Context, l Login) (*tenants.User, error) {
	if passwords.TooLong(l.Password) {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "the password has more than %d characters", passwords.MaxLength)
	}
	slot, err := s.hasher.Acquire(ctx)
	if errors.Is(err, passwords.ErrBusy) {
		return nil, &oauth.Error{Code: oauth.TemporarilyUnavailable, Reason: oauth.ReasonThrottled,
			Description: "too many passwords are being checked, try again", RetryAfter: time.Second, Err: err}
	}
	if err != nil {
		return nil, err
	}
	defer slot.Release()
	floor := time.NewTimer(s.floor)
	defer floor.Stop()
	user, err := s.judge(ctx, slot, l)
	if user != nil || err != nil {
		return user, err
	}
	slot.Release() // who waits needs none
	select {
	case <-floor.C:
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonWrong, "username or password is wrong")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// judge returns the user whose password it is, nil for nobody.
func (s *SignIn) judge(ctx context.Context, slot *passwords.Slot, l Login) (*tenants.User, error) {
	user, err := s.directory.UserByLogin(ctx, l.Tenant.ID, l.Username)
	if errors.Is(err, tenants.ErrNotFound) {
		digest := sha256.Sum256([]byte(tenants.Fold(l.Username)))
		user, err = &tenants.User{TenantID: l.Tenant.ID, ID: tenants.NoAccount(base64.RawURLEncoding.EncodeToString(digest[:]))}, nil
	}
	if err != nil {
		return nil, err
	}
	attempt := tenants.Attempt{TenantID: l.Tenant.ID, Account: user.ID, Source: source(l.Address), At: s.now(), RequestID: l.RequestID}
	wait, err := s.store.TakeAttempt(ctx, attempt)
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		e := oauth.Errorf(oauth.SlowDown, oauth.ReasonThrottled, "too many failed attempts to sign in to this account")
		e.RetryAfter = wait
		return nil, e
	}
	match, outdated := slot.Verify(user.PasswordHash, l.Password)
	if !match || user.Status != tenants.Active || user.IsServiceAccount() {
		return nil, nil
	}
	if outdated {
		if err := s.rehash(ctx, slot, user, l.Password); err != nil {
			return nil, err
		}
	}
	return user, s.store.SignedIn(ctx, attempt)
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
