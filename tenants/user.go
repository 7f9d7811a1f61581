package tenants

import "time"

// User is a person or a service account of a tenant. Its id is the sub of
// tokens that speak for it, and never equals a client_id of the tenant.
type User struct {
	TenantID string `json:"-" gorm:"primaryKey"`
	ID       string `json:"id" gorm:"primaryKey"`
	Username string `json:"username"` // unique in the tenant, without regard to case
	Email    string `json:"email"`
	Name     string `json:"name"`
	Status   Status `json:"status"` // active or disabled
	// PasswordHash is in the PHC string format; empty for who cannot sign in.
	PasswordHash string         `json:"-"`
	Profile      map[string]any `json:"profile" gorm:"serializer:json"`
	// ServiceAccountOf is the client_id of the client that a service account
	// belongs to, empty for people.
	ServiceAccountOf string    `json:"service_account_of,omitempty"`
	Groups           []string  `json:"groups" gorm:"-"` // names
	Permissions      []string  `json:"permissions" gorm:"serializer:json"`
	Version          int64     `json:"-"`
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`
}

// Group gives its members permissions.
type Group struct {
	ID          string    `json:"id" gorm:"primaryKey"`
	TenantID    string    `json:"-"`
	Name        string    `json:"name"` // unique in the tenant
	Permissions []string  `json:"permissions" gorm:"serializer:json"`
	Version     int64     `json:"-"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}
