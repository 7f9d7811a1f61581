package grants

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/cursor"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Sizes of a page of users whom somebody may become.
const (
	DefaultImpersonatees = 50
	MaxImpersonatees     = 1000
)

// scanned bounds how many users are looked at for a page: rules may name many
// whose permissions are too many.
const scanned = 2000

// ImpersonateesQuery selects a page.
type ImpersonateesQuery struct {
	Size      int    // 1 to MaxImpersonatees; 0: DefaultImpersonatees
	PageToken string // NextPageToken of the page before; empty: the first page
	Prefix    string // literal, case-insensitive prefix of username, e-mail or name; empty: all
}

// Impersonatees are users whom somebody may become, sorted by username. A page may
// have fewer than asked for, and be followed by another one all the same.
type Impersonatees struct {
	Items         []Impersonatee
	NextPageToken string // empty on the last page
}

// Impersonatee is a user whom somebody may become.
type Impersonatee struct {
	User *tenants.User
	// ReasonRequired says that only who gives a reason may.
	ReasonRequired bool
}

// Impersonatees returns a page of those whom the subject of a live access token
// may become by rules of the tenant. Through which clients does not count here.
func (s *Service) Impersonatees(ctx context.Context, judge *Impersonations, tenant *tenants.Tenant, token *Token, q ImpersonateesQuery) (*Impersonatees, error) {
	if q.Size == 0 {
		q.Size = DefaultImpersonatees
	}
	if q.Size < 0 || q.Size > MaxImpersonatees {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "page_size must be 1 to %d", MaxImpersonatees)
	}
	sign := func(key string) ([]byte, error) {
		return judge.pepper.MAC(ctx, tenant.ID, "impersonatees", token.facts.Subject, q.Prefix, key)
	}
	after, err := cursor.Open(q.PageToken, sign)
	if errors.Is(err, cursor.ErrForged) {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "page_token is not one that was given for this list")
	}
	if err != nil {
		return nil, err
	}
	list, last, err := judge.list(ctx, tenant.ID, token, q, after)
	if err != nil {
		return nil, err
	}
	if last != "" {
		list.NextPageToken, err = cursor.Seal(last, sign)
	}
	return list, err
}

// list looks through those whom rules name until it has enough. last is the key of
// the last one that was looked at, empty where nobody is left.
func (i *Impersonations) list(ctx context.Context, tenantID string, token *Token, q ImpersonateesQuery, after string) (list *Impersonatees, last string, err error) {
	list = &Impersonatees{}
	actor, err := i.account(ctx, tenantID, token)
	if err != nil {
		return nil, "", err
	}
	c, err := i.candidates(ctx, tenantID, actor, token)
	if err != nil {
		return nil, "", err
	}
	if len(c.who.UserIDs) == 0 && len(c.who.Groups) == 0 {
		return list, "", nil
	}
	c.who.Prefix, c.who.After = q.Prefix, after
	for seen := 0; seen < scanned; {
		c.who.Limit = min(q.Size+1, scanned-seen)
		users, err := i.people.ImpersonationCandidates(ctx, tenantID, c.who)
		if err != nil {
			return nil, "", err
		}
		for n := range users {
			rule, unsaid := suitable(c.rules, c.actors, &users[n], "")
			if rule == nil && !unsaid {
				c.who.After = users[n].NameKey()
				continue
			}
			if len(list.Items) == q.Size {
				return list, c.who.After, nil
			}
			list.Items = append(list.Items, Impersonatee{User: &users[n], ReasonRequired: rule == nil})
			c.who.After = users[n].NameKey()
		}
		if seen += len(users); len(users) < c.who.Limit {
			return list, "", nil
		}
	}
	return list, c.who.After, nil
}

// candidates are those whom the rules of an actor name.
type candidates struct {
	who    tenants.Candidates
	rules  []tenants.ImpersonationRule
	actors []*tenants.User
}

func (i *Impersonations) candidates(ctx context.Context, tenantID string, actor *tenants.User, token *Token) (c candidates, err error) {
	all, err := i.rules.ImpersonationRules(ctx, tenantID)
	if err != nil {
		return c, err
	}
	for _, rule := range all {
		if rule.Status != tenants.Active || !rule.Actor.Includes(actor) {
			continue
		}
		c.rules = append(c.rules, rule)
		if rule.Target.User != "" {
			c.who.UserIDs = append(c.who.UserIDs, rule.Target.User)
		} else {
			c.who.Groups = append(c.who.Groups, rule.Target.Group)
		}
	}
	c.actors, err = i.actors(ctx, tenantID, actor, token)
	return c, err
}
