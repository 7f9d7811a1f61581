package tenants

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// ImpersonationRule lets somebody get tokens that speak for somebody else (RFC
// 8693). Who it names, on either side, never changes.
type ImpersonationRule struct {
	ID          string `json:"id" gorm:"primaryKey"` // UUIDv7: later rules sort after earlier ones
	TenantID    string `json:"-"`
	Description string `json:"description"`
	Status      Status `json:"status"` // active or disabled
	Actor       Party  `json:"actor" gorm:"-"`
	Target      Party  `json:"target" gorm:"-"` // a user or a group, whose members are meant
	// RequireReason refuses who does not say why.
	RequireReason bool `json:"require_reason"`
	// MaxLifetime bounds the tokens, in seconds; 0: as long as the actor's lives.
	MaxLifetime int `json:"max_lifetime,omitempty"`
	// Scopes bounds what is granted, beside what the actor's token has; nil: no bound.
	Scopes oauth.Scopes `json:"scopes" gorm:"serializer:json"`
	// ExceedPermissions lets the actor become its target although that may do more
	// than the actor. Only a rule whose target is a user can say so.
	ExceedPermissions bool      `json:"exceed_permissions"`
	Version           int64     `json:"-"`
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
}

// Revision returns its id, and the version that counts its changes.
func (r *ImpersonationRule) Revision() (id string, version int64) { return r.ID, r.Version }

// MaxImpersonationRules is how many rules a tenant may have: they are all kept in
// memory, and looked through for each exchange.
const MaxImpersonationRules = 1000

// Party is who one side of a rule is; exactly one field is set.
type Party struct {
	User   string `json:"user,omitempty"`   // the id of a person
	Group  string `json:"group,omitempty"`  // the name of a group, for its members
	Client string `json:"client,omitempty"` // a client_id, for tokens that speak for the client itself
}

// Includes reports whether the user is the party or one of it. A client is meant
// by its service account.
func (p Party) Includes(u *User) bool {
	switch {
	case p.User != "":
		return p.User == u.ID
	case p.Group != "":
		return u.In(p.Group)
	}
	return p.Client != "" && p.Client == u.ServiceAccountOf
}

// Lets reports whether the rule lets the actor become the target. What either
// may do does not count here.
func (r *ImpersonationRule) Lets(actor, target *User) bool {
	return r.Status == Active && target.Status == Active && !target.IsServiceAccount() && actor.ID != target.ID &&
		r.Actor.Includes(actor) && r.Target.Includes(target)
}

// Covers reports whether the target may do nothing that one of the actors may
// not do, or the rule says of the target by name that this is no matter.
func (r *ImpersonationRule) Covers(actors []*User, target *User) bool {
	if r.ExceedPermissions && r.Target.User == target.ID {
		return true
	}
	for _, permission := range target.EffectivePermissions() {
		if slices.ContainsFunc(actors, func(actor *User) bool { return !actor.May(permission) }) {
			return false
		}
	}
	return true
}

// SortImpersonationRules puts rules into the order in which they are tried: first
// those whose target is a user and not a group, of these first those whose actor
// is none, then the older ones.
func SortImpersonationRules(rules []ImpersonationRule) {
	rank := func(r *ImpersonationRule) (n int) {
		if r.Target.Group != "" {
			n += 2
		}
		if r.Actor.Group != "" {
			n++
		}
		return n
	}
	slices.SortFunc(rules, func(a, b ImpersonationRule) int {
		return cmp.Or(rank(&a)-rank(&b), cmp.Compare(a.ID, b.ID))
	})
}

// ImpersonationRules returns all rules of the tenant, in the order in which they
// are tried.
func (d *Directory) ImpersonationRules(ctx context.Context, tenantID string) ([]ImpersonationRule, error) {
	return get(ctx, d.rules, tenantID, func(ctx context.Context) ([]ImpersonationRule, error) {
		rules, err := d.source.AllImpersonationRules(ctx, tenantID)
		SortImpersonationRules(rules)
		return rules, err
	})
}

// Candidates selects users who are among some ids or members of some groups.
type Candidates struct {
	UserIDs []string
	Groups  []string // names
	After   string   // the NameKey of the last one seen; empty: from the start
	Prefix  string   // literal, case-insensitive prefix of username, e-mail or name; empty: all
	Limit   int
}
