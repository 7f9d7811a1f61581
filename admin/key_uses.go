package admin

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Revocation is what a revoked key leaves behind.
type Revocation struct {
	Key  SigningKey   `json:"key"`
	Keys []SigningKey `json:"items"` // all keys, as they are now
	// Uses are the first page of KeyUses, and NextUses asks that for the next
	// one: empty where there is none.
	Uses     []tenants.FirstUse `json:"uses"`
	NextUses string             `json:"uses_next_page_token"`
	Signed
}

// Signed sums up what revoked keys have signed.
type Signed struct {
	// Clients and APIs had tokens of one of them; no such token outlives Until,
	// nil for none.
	Clients []string   `json:"clients"`
	APIs    []string   `json:"apis"`
	Until   *time.Time `json:"until"`
	// ReportError is empty for a whole report. Else it says that something is
	// missing and how to get it; Until holds all the same, and Err says why.
	ReportError string `json:"report_error,omitempty"`
	Err         error  `json:"-"`
}

// missing notes that a part of the report could not be read, if err says so.
func (r *Signed) missing(err error) {
	if err == nil {
		return
	}
	r.Err = errors.Join(r.Err, err)
	r.ReportError = "the revocation holds, but not all of what was signed could be read, and clients, APIs or uses are missing here: " +
		"revoke again, which changes nothing else, or list the uses of the key"
}

// KeyUses lists what a key has signed, per client, API and hour: the newest hour
// first, sorted by client and API within it. The query's Prefix is one of the
// client_id. It needs keys:read, and also tells of keys that were dropped.
func (s *Service) KeyUses(ctx context.Context, a Actor, slug, kid string, q Query) (Page[tenants.FirstUse], error) {
	t, err := s.reach(ctx, a, "keys:read", slug)
	if err != nil {
		return Page[tenants.FirstUse]{}, err
	}
	set, err := s.store.KeySet(ctx, t.ID)
	if err != nil {
		return Page[tenants.FirstUse]{}, err
	}
	page, err := s.keyUses(ctx, set, kid, q)
	if err == nil && len(page.Items) == 0 && q.PageToken == "" && q.Prefix == "" && keyOf(set, kid) == nil {
		err = keyError(keys.ErrUnknownKey, kid)
	}
	return page, err
}

func (s *Service) keyUses(ctx context.Context, set keys.Set, kid string, q Query) (Page[tenants.FirstUse], error) {
	return list(ctx, s, listing[tenants.FirstUse]{
		name: "key_uses", tenantID: set.TenantID, narrowed: kid, key: (*tenants.FirstUse).Key,
		read: func(ctx context.Context, r Range) ([]tenants.FirstUse, error) {
			uses, err := s.store.Uses(ctx, set.TenantID, kid, r)
			return s.boundedBy(set, uses), err
		},
	}, q)
}

// revocation reports on a key of the set that has been revoked.
func (s *Service) revocation(ctx context.Context, set keys.Set, kid string) *Revocation {
	r := &Revocation{Keys: s.shown(set), Signed: s.signed(ctx, set, kid)}
	for _, key := range r.Keys {
		if key.Kid == kid {
			r.Key = key
		}
	}
	uses, err := s.keyUses(ctx, set, kid, Query{Size: maxPage})
	r.missing(err)
	r.Uses, r.NextUses = filled(uses.Items), uses.NextPageToken
	return r
}

// signed sums up what revoked keys of the set have signed.
func (s *Service) signed(ctx context.Context, set keys.Set, kids ...string) Signed {
	r := Signed{Clients: []string{}, APIs: []string{}}
	for _, kid := range kids {
		hours, err := s.store.UsesByHour(ctx, set.TenantID, kid)
		r.missing(err)
		if err != nil { // as if the last token had been given the longest life
			hours = []tenants.FirstUse{{Kid: kid, Hour: keys.Never(), LatestExpiry: keys.Never().Add(time.Hour + oauth.MaxTokenLife)}}
		}
		for _, use := range s.boundedBy(set, hours) {
			if r.Until == nil || use.LatestExpiry.After(*r.Until) {
				r.Until = &use.LatestExpiry
			}
		}
		pairs, err := s.store.UsesByClient(ctx, set.TenantID, kid)
		r.missing(err)
		for _, use := range pairs {
			r.Clients, r.APIs = append(r.Clients, use.ClientID), append(r.APIs, use.Audience)
		}
	}
	slices.Sort(r.Clients)
	slices.Sort(r.APIs)
	r.Clients, r.APIs = slices.Compact(r.Clients), slices.Compact(r.APIs)
	return r
}

// boundedBy returns uses with the expiry of what revoked keys signed: a row
// promises tokens up to the end of its hour, and none was signed after every node
// had heard of the revocation.
func (s *Service) boundedBy(set keys.Set, uses []tenants.FirstUse) []tenants.FirstUse {
	for i := range uses {
		use := &uses[i]
		key := keyOf(set, use.Kid)
		if key == nil || key.RevokedAt == nil {
			continue
		}
		longest := use.LatestExpiry.Sub(use.Hour.Add(time.Hour))
		if last := key.RevokedAt.Add(s.cfg.Timing.Settling() + longest); last.Before(use.LatestExpiry) {
			use.LatestExpiry = last
		}
	}
	return uses
}

// keyOf returns the set's key of that id, nil if there is none.
func keyOf(set keys.Set, kid string) *keys.Key {
	i := slices.IndexFunc(set.Keys, func(k keys.Key) bool { return k.Kid == kid })
	if i < 0 {
		return nil
	}
	return &set.Keys[i]
}
