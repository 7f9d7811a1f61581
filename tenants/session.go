package tenants

import "time"

// How long a session lasts.
const (
	SessionIdle    = 8 * time.Hour  // after it was last seen
	SessionLife    = 24 * time.Hour // at most
	SessionSampled = 5 * time.Minute
)

// Session is a browser in which a user is signed in. What its cookie holds is
// known to the browser alone.
type Session struct {
	ID        string    `json:"id" gorm:"primaryKey"` // not the cookie: it is no secret
	TenantID  string    `json:"-"`
	UserID    string    `json:"user_id"`
	Hash      []byte    `json:"-"` // keyed, of the cookie
	Address   string    `json:"address"`
	UserAgent string    `json:"user_agent"` // what the browser said of itself, shortened
	CreatedAt time.Time `json:"created_at"` // when the user signed in
	SeenAt    time.Time `json:"seen_at"`    // stored at most every SessionSampled
	ExpiresAt time.Time `json:"expires_at"` // whatever happens
	// Epoch is that of the user whose password was verified. It counts when the
	// session is created, and is not stored.
	Epoch int64 `json:"-" gorm:"-"`
}

// Live reports whether the session has neither ended nor been left alone for
// too long.
func (s *Session) Live(now time.Time) bool {
	return now.Before(s.ExpiresAt) && now.Before(s.SeenAt.Add(SessionIdle))
}
