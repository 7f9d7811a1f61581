package tenants

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
)

// User is a person or a service account of a tenant. Its id is the sub of
// tokens that speak for it, and never equals a client_id of the tenant.
type User struct {
	TenantID string `json:"-" gorm:"primaryKey"`
	ID       string `json:"id" gorm:"primaryKey"`
	Username string `json:"username"` // unique in the tenant, without regard to case
	Email    string `json:"email"`
	Name     string `json:"name"`
	Status   Status `json:"status"` // active or disabled
	// PasswordHash is in the PHC string format or as crypt(3) has it; empty for
	// who cannot sign in by one.
	PasswordHash string `json:"-"`
	HasPassword  bool   `json:"has_password" gorm:"-"`
	// Profile is a JSON object of further fields. It is kept as text: decoded it may
	// take many times the memory, and caches hold many users.
	Profile json.RawMessage `json:"profile" gorm:"serializer:json"`
	// ServiceAccountOf is the client_id of the client that a service account
	// belongs to, empty for people.
	ServiceAccountOf string   `json:"service_account_of,omitempty"`
	Groups           []string `json:"groups" gorm:"-"` // names, sorted
	// Memberships are those in Groups, as whoever read or judged the groups saw
	// them.
	Memberships []Membership `json:"-" gorm:"-"`
	Permissions []string     `json:"permissions" gorm:"serializer:json"`
	// InheritedPermissions are those of the user's groups, sorted.
	InheritedPermissions []string `json:"inherited_permissions" gorm:"-"`
	// Epoch is how many changes the database had seen when the user was found by
	// its login, 0 for one that was found otherwise: what is granted to who has the
	// password that it had then is older than every later change.
	Epoch     int64     `json:"-" gorm:"-"`
	Version   int64     `json:"-"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Revision returns its id, and the version that counts its changes.
func (u *User) Revision() (id string, version int64) { return u.ID, u.Version }

// IsServiceAccount reports whether the user belongs to a client: it has no
// password, cannot sign in and cannot be impersonated.
func (u *User) IsServiceAccount() bool { return u.ServiceAccountOf != "" }

// ProfileField returns the value of a further field, nil for none.
func (u *User) ProfileField(name string) any {
	var fields map[string]json.RawMessage
	if json.Unmarshal(u.Profile, &fields) != nil {
		return nil
	}
	var value any
	if json.Unmarshal(fields[name], &value) != nil {
		return nil
	}
	return value
}

// May reports whether the user has the permission, of its own or through a
// group. Who is disabled has none.
func (u *User) May(permission string) bool {
	return u.Status == Active &&
		(slices.Contains(u.Permissions, permission) || slices.Contains(u.InheritedPermissions, permission))
}

// In reports whether the user is a member of the group of that name.
func (u *User) In(group string) bool { return slices.Contains(u.Groups, group) }

// EffectivePermissions returns what the user may do, of its own and through
// groups, sorted and each once.
func (u *User) EffectivePermissions() []string {
	all := slices.Concat(u.Permissions, u.InheritedPermissions)
	slices.Sort(all)
	return slices.Compact(all)
}

// ServiceAccountPrefix begins the id and the username of service accounts, and
// of nobody else.
const ServiceAccountPrefix = "oauth_"

// ServiceAccountID returns the id and username of a client's service account.
func ServiceAccountID(clientID string) string { return ServiceAccountPrefix + clientID }

// Fold maps texts that differ in the case of letters only to the same one:
// names that it makes equal are the same name.
func Fold(s string) string {
	return strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, s)
}

// NameKey is what the user's username is unique by, and sorted by in lists:
// without regard to case for people. Service accounts go by their client_id,
// which has regard to it.
func (u *User) NameKey() string {
	if u.IsServiceAccount() {
		return u.Username
	}
	return Fold(u.Username)
}

// Membership names a group that a user is a member of by what no renaming
// changes, and the version of the group that was seen.
type Membership struct {
	GroupID string
	Version int64
}

// Group gives its members permissions.
type Group struct {
	TenantID    string    `json:"-" gorm:"primaryKey"`
	ID          string    `json:"id" gorm:"primaryKey"`
	Name        string    `json:"name"` // unique in the tenant, without regard to case
	Description string    `json:"description"`
	Permissions []string  `json:"permissions" gorm:"serializer:json"`
	Version     int64     `json:"-"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Revision returns its id, and the version that counts its changes.
func (g *Group) Revision() (id string, version int64) { return g.ID, g.Version }

// TakenError is ErrExists for a value that something else has already. Field
// is its JSON name.
type TakenError struct{ Field string }

func (e *TakenError) Error() string { return e.Field + " exists already" }

// Is makes errors.Is(err, ErrExists) true.
func (e *TakenError) Is(target error) bool { return target == ErrExists }
