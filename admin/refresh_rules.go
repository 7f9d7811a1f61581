package admin

import "github.com/gatehouse-auth/gatehouse/tenants"

// Bounds of the lifetimes of refresh tokens, in seconds: a year, five minutes.
const (
	longestRefresh = 365 * 24 * 60 * 60
	longestGrace   = 300
)

// checkRefreshLifetime holds the lifetimes of refresh tokens to their bounds,
// where 0 means not set, and the idle one to that of the family.
func checkRefreshLifetime(l tenants.RefreshLifetime) error {
	for _, set := range []struct {
		field          string
		seconds, limit int
	}{
		{"refresh_token_idle_lifetime", l.Idle, longestRefresh},
		{"refresh_token_lifetime", l.Total, longestRefresh},
		{"refresh_token_grace", l.Grace, longestGrace},
	} {
		if set.seconds < 0 || set.seconds > set.limit {
			return Errorf(CodeInvalid, set.field, "must be 1 to %d seconds, or null where it is not set", set.limit)
		}
	}
	if l.Total != 0 && l.Idle > l.Total {
		return Errorf(CodeInvalid, "refresh_token_idle_lifetime", "must not exceed refresh_token_lifetime (%d)", l.Total)
	}
	return nil
}
