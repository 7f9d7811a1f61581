package tenants

import (
	"strings"
	"time"
)

// LegacyUse tells that a client got what it asked for from an endpoint of a
// dialect, rather than from the standard one.
type LegacyUse struct {
	TenantID    string    `json:"-" gorm:"primaryKey"`
	ClientID    string    `json:"client_id" gorm:"primaryKey"`
	Dialect     string    `json:"dialect" gorm:"primaryKey"`
	Method      string    `json:"method" gorm:"primaryKey"`
	Path        string    `json:"path" gorm:"primaryKey"` // below the tenant's issuer
	Count       int64     `json:"count"`                  // up to a minute behind
	FirstUsedAt time.Time `json:"first_used_at"`
	LastUsedAt  time.Time `json:"last_used_at"`
}

// Key is what lists of one tenant are sorted by.
func (u *LegacyUse) Key() string {
	return strings.Join([]string{u.ClientID, u.Dialect, u.Method, u.Path}, " ")
}
