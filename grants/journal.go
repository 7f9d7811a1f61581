package grants

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Uses stores which key signed for which client and API in which hour, each
// token for people, and what is kept of opaque tokens and revoked ones.
type Uses interface {
	// RecordIssue stores what must be known of a token, all or nothing.
	RecordIssue(ctx context.Context, i tenants.Issue) error
	// Revoke ends access tokens, on every node with the next poll of its feed.
	Revoke(ctx context.Context, r tenants.Revocation, e tenants.AuditEvent) error
	// AddUses adds each Count to its row, which is made where there is none,
	// and moves the row's LatestExpiry later if the given one is.
	AddUses(ctx context.Context, uses []tenants.FirstUse) error
	// KeyRevoked reports whether the tenant's key has been revoked.
	KeyRevoked(ctx context.Context, tenantID, kid string) (bool, error)
}

// errKeyRevoked means that another node has revoked the key that signed a
// token which has not left yet. Asked again, another key signs.
var errKeyRevoked = fmt.Errorf("%w: the key that signed the token has been revoked", tenants.ErrUnavailable)

// Journal makes sure that what a key signs is known, also after a crash: a row
// is stored before the first token of each (key, client, API, hour) leaves.
// Later tokens are counted in memory; Flush stores the counts.
type Journal struct {
	store Uses
	mu    sync.Mutex
	hours map[hour]*tally
}

// hour names a row.
type hour struct {
	tenantID, kid, clientID, audience string
	begin                             int64 // seconds since the epoch
}

// tally is what is known of a row that is stored.
type tally struct {
	unsaved int64
	latest  time.Time
}

// NewJournal makes a Journal.
func NewJournal(store Uses) *Journal {
	return &Journal{store: store, hours: map[hour]*tally{}}
}

// Issued takes note of a token before it leaves. It is errKeyRevoked for the
// first token of a row if its key has been revoked: whoever revokes a key, and
// then reads what it signed, finds the row, or no token of the row leaves.
func (j *Journal) Issued(ctx context.Context, tenantID, kid, clientID, audience string, now, expiry time.Time) error {
	begin := now.UTC().Truncate(time.Hour)
	key := hour{tenantID, kid, clientID, audience, begin.Unix()}
	// The row promises for the whole hour, so that its later tokens need no write,
	// and tells the longest life among them.
	latest := begin.Add(time.Hour).Add(expiry.Sub(now))
	j.mu.Lock()
	known := j.hours[key]
	if known != nil && !latest.After(known.latest) {
		known.unsaved++
		j.mu.Unlock()
		return nil
	}
	j.mu.Unlock()
	if err := j.store.AddUses(ctx, []tenants.FirstUse{{
		TenantID: tenantID, Kid: kid, ClientID: clientID, Audience: audience, Hour: begin, Count: 1, LatestExpiry: latest,
	}}); err != nil {
		return err
	}
	// Asked only now that the row can be read: the order is what matters.
	revoked, err := j.store.KeyRevoked(ctx, tenantID, kid)
	if err != nil {
		return err
	}
	if revoked {
		return errKeyRevoked
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if known = j.hours[key]; known == nil {
		j.hours[key] = &tally{latest: latest}
		return nil
	}
	if latest.After(known.latest) {
		known.latest = latest
	}
	return nil
}

// Flush stores what was counted since the last time, and forgets hours that
// are over. After an error the counts are kept for the next time.
func (j *Journal) Flush(ctx context.Context, now time.Time) error {
	counted := j.take(now.UTC().Truncate(time.Hour).Unix())
	if len(counted) == 0 {
		return nil
	}
	err := j.store.AddUses(ctx, counted)
	if err != nil {
		j.giveBack(counted)
	}
	return err
}

func (j *Journal) take(current int64) []tenants.FirstUse {
	j.mu.Lock()
	defer j.mu.Unlock()
	var counted []tenants.FirstUse
	for key, known := range j.hours {
		if known.unsaved > 0 {
			counted = append(counted, tenants.FirstUse{
				TenantID: key.tenantID, Kid: key.kid, ClientID: key.clientID, Audience: key.audience,
				Hour: time.Unix(key.begin, 0).UTC(), Count: known.unsaved, LatestExpiry: known.latest,
			})
			known.unsaved = 0
		}
		if key.begin < current {
			delete(j.hours, key)
		}
	}
	return counted
}

func (j *Journal) giveBack(counted []tenants.FirstUse) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, use := range counted {
		key := hour{use.TenantID, use.Kid, use.ClientID, use.Audience, use.Hour.Unix()}
		known := j.hours[key]
		if known == nil {
			known = &tally{latest: use.LatestExpiry}
			j.hours[key] = known
		}
		known.unsaved += use.Count
	}
}
