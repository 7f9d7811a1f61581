package admin

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sort"
	"time"

	"github.com/gatehouse-auth/gatehouse/cursor"
)

// Sizes of a page.
const (
	defaultPage = 50
	maxPage     = 200
)

// Query selects a page of a list.
type Query struct {
	Size      int    // 1 to 200; 0: 50
	PageToken string // NextPageToken of the page before; empty: the first page
	Prefix    string // literal, case-insensitive prefix of key or name; empty: all
}

// Page is a part of a list. NextPageToken is empty on the last one; it is good
// for the same list of the same tenant and the same Prefix only.
type Page[T any] struct {
	Items         []T    `json:"items"`
	NextPageToken string `json:"next_page_token"`
}

// listing is a list that can be read page by page.
type listing[T any] struct {
	name     string
	tenantID string // under whose pepper page tokens are made
	narrowed string // what else than the query the list depends on
	read     func(context.Context, Range) ([]T, error)
	key      func(*T) string // the natural key, by which the list is sorted
}

// list reads one page.
func list[T any](ctx context.Context, s *Service, l listing[T], q Query) (Page[T], error) {
	var page Page[T]
	if q.Size < 0 || q.Size > maxPage {
		return page, Errorf(CodeInvalid, "page_size", "must be 1 to %d", maxPage)
	}
	if q.Size == 0 {
		q.Size = defaultPage
	}
	if err := checkText("q", q.Prefix, maxName, ""); err != nil {
		return page, err
	}
	sign := func(key string) ([]byte, error) {
		return s.peppers.MAC(ctx, l.tenantID, "page_token", l.name, l.narrowed, q.Prefix, key)
	}
	after, err := cursor.Open(q.PageToken, sign)
	if errors.Is(err, cursor.ErrForged) {
		return page, errPageToken()
	}
	if err != nil {
		return page, err
	}
	// One more than asked for tells whether there is a next page.
	items, err := l.read(ctx, Range{After: after, Limit: q.Size + 1, Prefix: q.Prefix})
	if err != nil {
		return page, err
	}
	more := len(items) > q.Size
	if more {
		items = items[:q.Size]
	}
	page.Items = filled(items)
	last := ""
	for i := range items {
		last = l.key(&items[i])
	}
	if more {
		page.NextPageToken, err = cursor.Seal(last, sign)
	}
	return page, err
}

// listOf reads one page of a list of a tenant that the actor reaches with a scope.
func listOf[T any](ctx context.Context, s *Service, a Actor, scope, slug, name string, key func(*T) string,
	read func(ctx context.Context, tenantID string, r Range) ([]T, error), q Query,
) (Page[T], error) {
	t, err := s.reach(ctx, a, scope, slug)
	if err != nil {
		return Page[T]{}, err
	}
	return list(ctx, s, listing[T]{
		name: name, tenantID: t.ID, key: key, read: func(ctx context.Context, r Range) ([]T, error) { return read(ctx, t.ID, r) },
	}, q)
}

// held reads one page of a list that is in memory as a whole.
func held[T any](ctx context.Context, s *Service, l listing[T], all []T, q Query) (Page[T], error) {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(l.key(&a), l.key(&b)) })
	l.read = func(_ context.Context, r Range) ([]T, error) {
		rest := all[sort.Search(len(all), func(i int) bool { return l.key(&all[i]) > r.After }):]
		return rest[:min(len(rest), r.Limit)], nil
	}
	return list(ctx, s, l, q)
}

// sorting writes an instant so that texts sort as the instants do; nil is last.
func sorting(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return at.UTC().Format("2006-01-02T15:04:05.000000Z")
}

func errPageToken() error {
	return Errorf(CodeInvalid, "page_token", "is not one that this list gave for this query: start from the first page")
}
