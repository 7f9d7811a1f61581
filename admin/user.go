package admin

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// NewUser is what a user is made of. Only Username must be given.
type NewUser struct {
	UserSettings
	ID string `json:"id"` // empty: a UUIDv7
}

// UserSettings is what can be set and changed of a user. Password and
// PasswordHash are never shown; at most one of them may be given.
type UserSettings struct {
	Username string         `json:"username"`
	Email    string         `json:"email"`
	Name     string         `json:"name"`
	Status   tenants.Status `json:"status"` // empty: active
	Groups   []string       `json:"groups"` // names
	// Permissions are the user's own, beside those of its groups.
	Permissions []string       `json:"permissions"`
	Profile     map[string]any `json:"profile"`
	Password    string         `json:"password,omitempty" empty:"refused"`
	// PasswordHash is of another system: argon2id, bcrypt, pbkdf2 or scrypt.
	PasswordHash string `json:"password_hash,omitempty" empty:"refused"`
}

// CreateUser makes a user; it needs users:write, and the admin scopes that the
// user gets as permissions.
func (s *Service) CreateUser(ctx context.Context, a Actor, slug string, n NewUser) (*tenants.User, error) {
	return retried(0, func() (*tenants.User, error) { return s.createUser(ctx, a, slug, n) })
}

func (s *Service) createUser(ctx context.Context, a Actor, slug string, n NewUser) (*tenants.User, error) {
	t, err := s.reach(ctx, a, "users:write", slug)
	if err != nil {
		return nil, err
	}
	now := s.instant()
	u := &tenants.User{TenantID: t.ID, ID: n.ID, CreatedAt: now, UpdatedAt: now}
	if u.ID == "" {
		u.ID = newID()
	} else if err := checkUserID(u.ID); err != nil {
		return nil, err
	}
	if err := n.UserSettings.applyTo(u); err != nil {
		return nil, err
	}
	if err := checkUser(u); err != nil {
		return nil, err
	}
	if err := checkGiven(a, "permissions", u.Permissions); err != nil {
		return nil, err
	}
	if err := s.join(ctx, a, u); err != nil {
		return nil, err
	}
	if err := s.setPassword(ctx, u, &n.UserSettings); err != nil {
		return nil, err
	}
	details := map[string]any{"username": u.Username, "groups": u.Groups}
	if err := s.store.CreateUser(ctx, u, s.event(a, t.ID, "user.create", u.ID, details)); err != nil {
		return nil, refused(err, "user", "username")
	}
	return u, nil
}

// User returns a user or service account; it needs users:read.
func (s *Service) User(ctx context.Context, a Actor, slug, userID string) (*tenants.User, error) {
	_, u, err := s.reachUser(ctx, a, "users:read", slug, userID)
	return u, err
}

func (s *Service) reachUser(ctx context.Context, a Actor, scope, slug, userID string) (*tenants.Tenant, *tenants.User, error) {
	return reachOne(ctx, s, a, scope, slug, "user", userID, s.store.User)
}

// changeUser is reachUser for whoever wants to change the user. Who has fewer
// admin scopes than the user could else become that user.
func (s *Service) changeUser(ctx context.Context, a Actor, slug, userID string) (*tenants.Tenant, *tenants.User, error) {
	t, u, err := s.reachUser(ctx, a, "users:write", slug, userID)
	if err != nil {
		return nil, nil, err
	}
	if err := checkHeld(a, "user", u.EffectivePermissions()); err != nil {
		return nil, nil, err
	}
	return t, u, nil
}

// Users lists a tenant's users, service accounts among them, by username; it
// needs users:read. group is the name of a group that they are in, empty for
// all.
func (s *Service) Users(ctx context.Context, a Actor, slug, group string, q Query) (Page[tenants.User], error) {
	t, err := s.reach(ctx, a, "users:read", slug)
	if err != nil {
		return Page[tenants.User]{}, err
	}
	if err := checkText("group", group, maxName, ""); err != nil {
		return Page[tenants.User]{}, err
	}
	return list(ctx, s, listing[tenants.User]{
		name: "users", tenantID: t.ID, narrowed: group, key: func(u *tenants.User) string { return u.NameKey() },
		read: func(ctx context.Context, r Range) ([]tenants.User, error) { return s.store.Users(ctx, t.ID, group, r) },
	}, q)
}

// UpdateUser applies a merge patch to a user, if it still has the version, 0 for
// any. It needs users:write and every admin scope that the user has or gets. id
// and created_at never change. Of a service account only groups, permissions
// and profile do: the rest is its client's. A null password takes it away.
func (s *Service) UpdateUser(ctx context.Context, a Actor, slug, userID string, version int64, p Patch) (*tenants.User, error) {
	return retried(version, func() (*tenants.User, error) { return s.updateUser(ctx, a, slug, userID, version, p) })
}

func (s *Service) updateUser(ctx context.Context, a Actor, slug, userID string, version int64, p Patch) (*tenants.User, error) {
	t, u, err := s.changeUser(ctx, a, slug, userID)
	if err != nil {
		return nil, err
	}
	if err := current(u.Version, version, "user"); err != nil {
		return nil, err
	}
	before, err := settingsOf(u)
	if err != nil {
		return nil, err
	}
	m, err := merge(before, u, p, "username", "status")
	if err != nil {
		return nil, err
	}
	if value, given := p["password"]; given && value == nil && u.PasswordHash != "" {
		u.PasswordHash = ""
		m.changed = append(m.changed, "password")
	}
	if len(m.changed) == 0 {
		return u, nil
	}
	if err := m.value.applyTo(u); err != nil {
		return nil, err
	}
	if err := checkUserChange(a, u, m.changed); err != nil {
		return nil, err
	}
	if m.changes("groups") {
		if err := s.join(ctx, a, u); err != nil {
			return nil, err
		}
	}
	if err := s.setPassword(ctx, u, &m.value); err != nil {
		return nil, err
	}
	u.UpdatedAt = s.instant()
	if err := s.store.UpdateUser(ctx, u, s.event(a, t.ID, "user.update", u.ID, m.details())); err != nil {
		return nil, refused(err, "user", "username")
	}
	return u, nil
}

// UnlockUser lets a user sign in at once who would have to wait, as somebody gave
// wrong passwords. It needs users:write and every admin scope that the user has,
// and is no error if the user need not wait.
func (s *Service) UnlockUser(ctx context.Context, a Actor, slug, userID string) error {
	t, u, err := s.changeUser(ctx, a, slug, userID)
	if err != nil {
		return err
	}
	return refused(s.store.Unlock(ctx, t.ID, u.ID, s.event(a, t.ID, "user.unlock", u.ID, nil)), "user", "")
}

// DeleteUser deletes a user with its API keys. It needs users:write and every
// admin scope that the user has. version is as in UpdateUser. A service account
// goes with its client only.
func (s *Service) DeleteUser(ctx context.Context, a Actor, slug, userID string, version int64) error {
	t, u, err := s.changeUser(ctx, a, slug, userID)
	if err != nil {
		return err
	}
	if u.IsServiceAccount() {
		return Errorf(CodeInUse, "", "this is the service account of the client %s: it goes with it", u.ServiceAccountOf)
	}
	return refused(s.store.DeleteUser(ctx, t.ID, u.ID, version, s.event(a, t.ID, "user.delete", u.ID, map[string]any{"username": u.Username})), "user", "")
}
