package grants

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Lifetimes of access tokens on the platform, in seconds.
const (
	platformDefault = 900
	platformMax     = int(oauth.MaxTokenLife / time.Second)
)

// Lifetime is how long an access token lives, in seconds, and who says so.
type Lifetime struct {
	Seconds   int    `json:"seconds"`
	DecidedBy string `json:"decided_by"`          // the step whose access_token_lifetime counts
	CappedBy  string `json:"capped_by,omitempty"` // the step whose maximum is less than that
	// Ceiling is the longest life that a request may ask for with expires_in.
	Ceiling   int    `json:"ceiling"`
	CeilingBy string `json:"ceiling_by"`
	Chain     []Step `json:"chain"`
}

// Step is one who may say how long access tokens live; 0 stands for nothing
// said.
type Step struct {
	Name string `json:"step"`
	tenants.Lifetime
}

// EffectiveLifetime decides how long a token of the client lives: the first
// default that is set among client's grant, client, API, dialect, tenant and
// platform counts, and every maximum on that way caps it. api is nil where the
// audience is the issuer.
//
// A request may ask for more than the default only where who set the default, or
// somebody before it, set a maximum too; then the least of all maxima is the
// ceiling.
func EffectiveLifetime(tenant *tenants.Tenant, client *tenants.Client, api *tenants.API, grantType string, profile oauth.Profile) Lifetime {
	var ofAPI tenants.Lifetime
	if api != nil {
		ofAPI = api.Lifetime
	}
	l := Lifetime{Chain: []Step{
		{"client_grant", tenants.Lifetime{Default: client.Lifetimes[grantType]}},
		{"client", client.Lifetime},
		{"api", ofAPI},
		{"dialect", tenants.Lifetime{Default: profile.DefaultLifetime, Max: profile.MaxLifetime}},
		{"tenant", tenant.Lifetime},
		{"platform", tenants.Lifetime{Default: platformDefault, Max: platformMax}},
	}}
	least, leastBy, extendable := math.MaxInt, "", false
	for i, step := range l.Chain {
		if step.Max > 0 {
			if step.Max < least {
				least, leastBy = step.Max, step.Name
			}
			extendable = extendable || l.DecidedBy == "" && i < len(l.Chain)-1
		}
		if l.DecidedBy == "" && step.Default > 0 {
			l.Seconds, l.DecidedBy = step.Default, step.Name
		}
	}
	if l.Seconds > least {
		l.Seconds, l.CappedBy = least, leastBy
	}
	l.Ceiling, l.CeilingBy = l.Seconds, l.DecidedBy
	if l.CappedBy != "" || extendable {
		l.Ceiling, l.CeilingBy = least, leastBy
	}
	return l
}

// Asked returns the seconds that a request gets which asks for expires_in, the
// default for none. More than the ceiling is clamped to it, or refused where the
// tenant says so.
func (l *Lifetime) Asked(expiresIn string, tenant *tenants.Tenant) (int, error) {
	if expiresIn == "" {
		return l.Seconds, nil
	}
	if strings.Trim(expiresIn, "0123456789") != "" || strings.Trim(expiresIn, "0") == "" {
		return 0, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "expires_in must be a whole number of seconds, at least 1")
	}
	seconds, err := strconv.Atoi(expiresIn)
	switch {
	case err == nil && seconds <= l.Ceiling:
		return seconds, nil
	case tenant.ExcessLifetime == tenants.RefuseExcess:
		return 0, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonForbidden, "expires_in may be at most %d here", l.Ceiling)
	}
	return l.Ceiling, nil
}

// exceededBy reports whether a request asks for more than it may have.
func (l *Lifetime) exceededBy(expiresIn string) bool {
	if expiresIn == "" || strings.Trim(expiresIn, "0123456789") != "" {
		return false
	}
	seconds, err := strconv.Atoi(expiresIn)
	return err != nil || seconds > l.Ceiling
}

// lifetime decides how long the token of a request lives.
func lifetime(r *TokenRequest, client *tenants.Client, grantType string, subject *Subject, t *target, now time.Time) (time.Duration, error) {
	effective := EffectiveLifetime(r.Tenant, client, t.api, grantType, r.Profile)
	asked := r.Params["expires_in"]
	seconds, err := effective.Asked(asked, r.Tenant)
	if r.Profile.RefuseLonger && effective.exceededBy(asked) {
		err = oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "a token may live for %d seconds at most", effective.Ceiling)
	}
	if err != nil {
		return 0, err
	}
	life := time.Duration(seconds) * time.Second
	if !subject.Expiry.IsZero() {
		life = min(life, subject.Expiry.Sub(now).Round(time.Second)) // which was reckoned a moment ago
	}
	if life <= 0 {
		return 0, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonExpired, "what the token would be issued for has expired")
	}
	return life, nil
}
