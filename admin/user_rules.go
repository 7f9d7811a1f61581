package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Bounds of users.
const (
	maxEmail   = 254      // characters (RFC 5321)
	maxProfile = 16 << 10 // octets as JSON
)

// settingsOf returns what can be changed of a user, as it is.
func settingsOf(u *tenants.User) (UserSettings, error) {
	n := UserSettings{
		Username: u.Username, Email: u.Email, Name: u.Name, Status: u.Status,
		Groups: u.Groups, Permissions: u.Permissions,
	}
	if err := json.Unmarshal(u.Profile, &n.Profile); err != nil {
		return n, fmt.Errorf("the profile of the user %s: %w", u.ID, err)
	}
	return n, nil
}

// applyTo makes a user that way, its password apart.
func (n UserSettings) applyTo(u *tenants.User) error {
	u.Username, u.Email, u.Name, u.Status = n.Username, n.Email, n.Name, n.Status
	u.Groups, u.Permissions = filled(n.Groups), filled(n.Permissions)
	if u.Status == "" {
		u.Status = tenants.Active
	}
	if n.Profile == nil {
		n.Profile = map[string]any{}
	}
	profile, err := json.Marshal(n.Profile)
	if err != nil {
		return Errorf(CodeInvalid, "profile", "cannot be written as JSON: %v", err)
	}
	u.Profile = profile
	return nil
}

// checkUserID holds a given id to characters that need no escaping but |, which
// ids of other systems have.
func checkUserID(id string) error {
	if !only(id, "._~@|:-", 1, 128) || isDots(id) {
		return Errorf(CodeInvalid, "id", "must be 1 to 128 of A-Z a-z 0-9 . _ ~ @ | : -, and neither . nor ..")
	}
	if strings.HasPrefix(id, tenants.ServiceAccountPrefix) {
		return Errorf(CodeInvalid, "id", "ids that begin with %s are reserved for service accounts", tenants.ServiceAccountPrefix)
	}
	return nil
}

// checkUser holds a person to the rules that need nothing but itself.
func checkUser(u *tenants.User) error {
	if err := checkName("username", u.Username); err != nil {
		return err
	}
	if strings.HasPrefix(tenants.Fold(u.Username), tenants.ServiceAccountPrefix) {
		return Errorf(CodeInvalid, "username", "names that begin with %s are reserved for service accounts", tenants.ServiceAccountPrefix)
	}
	if err := checkEmail(u.Email); err != nil {
		return err
	}
	if err := checkText("name", u.Name, maxName, ""); err != nil {
		return err
	}
	if err := checkChoice("status", string(u.Status), []string{string(tenants.Active), string(tenants.Disabled)}); err != nil {
		return err
	}
	return checkUserRights(u)
}

// checkUserRights is the part of checkUser that service accounts have too.
func checkUserRights(u *tenants.User) error {
	if err := checkCount("groups", len(u.Groups)); err != nil {
		return err
	}
	for i, group := range u.Groups {
		if slices.ContainsFunc(u.Groups[:i], func(other string) bool { return tenants.Fold(other) == tenants.Fold(group) }) {
			return Errorf(CodeInvalid, "groups", "%s is given twice", quoted(group))
		}
	}
	if err := checkPermissions("permissions", u.Permissions); err != nil {
		return err
	}
	if len(u.Profile) > maxProfile {
		return Errorf(CodeInvalid, "profile", "may have %d octets as JSON", maxProfile)
	}
	return nil
}

// checkEmail holds an address to the form that mail needs, or to none.
func checkEmail(email string) error {
	local, domain, _ := strings.Cut(email, "@")
	if email != "" && (local == "" || domain == "" || strings.ContainsAny(email, " \t<>,;:\"\\") || strings.Contains(domain, "@")) {
		return Errorf(CodeInvalid, "email", "must be an address such as ann@example.com")
	}
	return checkText("email", email, maxEmail, "")
}

// checkUserChange holds a changed user to the rules, and the change to what may
// change.
func checkUserChange(a Actor, u *tenants.User, changed []string) error {
	if slices.Contains(changed, "permissions") {
		if err := checkGiven(a, "permissions", u.Permissions); err != nil {
			return err
		}
	}
	if !u.IsServiceAccount() {
		return checkUser(u)
	}
	own := []string{"groups", "permissions", "profile"}
	for _, name := range changed {
		if !slices.Contains(own, name) {
			return Errorf(CodeInvalid, name, "cannot be changed of a service account: change its client; here may be changed %s", listed(own))
		}
	}
	return checkUserRights(u)
}

// join makes the user a member of the groups that u.Groups names. It holds them to
// those there are, and their admin scopes to those that the actor has. What comes
// of it are groups as they were judged: under their names may soon be others.
func (s *Service) join(ctx context.Context, a Actor, u *tenants.User) error {
	u.Memberships = nil
	for _, name := range u.Groups {
		g, err := s.store.Group(ctx, u.TenantID, name)
		if errors.Is(err, tenants.ErrNotFound) || err == nil && tenants.Fold(g.Name) != tenants.Fold(name) { // found by id
			return Errorf(CodeInvalid, "groups", "the tenant has no group %s", quoted(name))
		}
		if err != nil {
			return err
		}
		if err := checkGiven(a, "groups", g.Permissions); err != nil {
			return err
		}
		u.Memberships = append(u.Memberships, tenants.Membership{GroupID: g.ID, Version: g.Version})
	}
	return nil
}

// setPassword gives a user the password or the hash of one that n holds, if it
// holds one.
func (s *Service) setPassword(ctx context.Context, u *tenants.User, n *UserSettings) error {
	switch {
	case n.Password != "" && n.PasswordHash != "":
		return Errorf(CodeInvalid, "password_hash", "is given beside password: give one of them")
	case n.PasswordHash != "":
		if err := passwords.CheckHash(n.PasswordHash); err != nil {
			return Errorf(CodeInvalid, "password_hash", "%s", err)
		}
		u.PasswordHash = n.PasswordHash
	case n.Password != "":
		if err := passwords.Check(n.Password); err != nil {
			return Errorf(CodeInvalid, "password", "%s", err)
		}
		hash, err := s.hashed(ctx, u.TenantID, n.Password)
		if err != nil {
			return err
		}
		u.PasswordHash = hash
	}
	return nil
}

func (s *Service) hashed(ctx context.Context, tenantID, password string) (string, error) {
	hasher := s.cfg.Passwords
	if hasher == nil { // a command hashes one and ends
		var err error
		if hasher, err = passwords.NewHasher(1, passwords.DefaultCost()); err != nil {
			return "", err
		}
	}
	slot, err := hasher.Acquire(ctx, tenantID)
	if errors.Is(err, passwords.ErrBusy) {
		return "", fmt.Errorf("%w: %w", tenants.ErrUnavailable, err)
	}
	if err != nil {
		return "", err
	}
	defer slot.Release()
	return slot.Hash(password)
}
