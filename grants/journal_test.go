package grants_test

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

const tenantID, kid, client, audience = "tenant", "kid", "client", "https://api.example"

// at is 10 minutes into an hour.
var at = time.Date(2026, 5, 1, 10, 10, 0, 0, time.UTC)

func issue(t *testing.T, j *grants.Journal, now time.Time, life time.Duration) {
	t.Helper()
	if err := j.Issued(t.Context(), tenantID, kid, client, audience, now, now.Add(life)); err != nil {
		t.Fatal(err)
	}
}

func uses(t *testing.T, db *store.DB) []tenants.FirstUse {
	t.Helper()
	list, err := db.Uses(t.Context(), tenantID, kid, admin.Range{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestFirstTokenOfAnHourIsStoredBeforeItLeaves(t *testing.T) {
	db := storetest.Open(t)
	j := grants.NewJournal(db)
	issue(t, j, at, 15*time.Minute)
	list := uses(t, db)
	if len(list) != 1 || list[0].ClientID != client || list[0].Audience != audience || list[0].Count != 1 || !list[0].Hour.Equal(at.Truncate(time.Hour)) {
		t.Fatalf("stored: %+v", list)
	}
	// The row bounds every token of the hour that lives as long as this one.
	if want := at.Truncate(time.Hour).Add(75 * time.Minute); !list[0].LatestExpiry.Equal(want) {
		t.Errorf("latest expiry %v, want %v", list[0].LatestExpiry, want)
	}
	issue(t, j, at.Add(20*time.Minute), 3*time.Hour)
	if list = uses(t, db); !list[0].LatestExpiry.Equal(at.Truncate(time.Hour).Add(4 * time.Hour)) {
		t.Errorf("a longer life is not stored before the token leaves: %v", list[0].LatestExpiry)
	}
	issue(t, j, at.Add(-10*time.Minute), 3*time.Hour+30*time.Minute) // ends before 4 h, and tells the longest life
	if list = uses(t, db); !list[0].LatestExpiry.Equal(at.Truncate(time.Hour).Add(4*time.Hour + 30*time.Minute)) {
		t.Errorf("a longer life of an earlier token is not told: %v", list[0].LatestExpiry)
	}
	issue(t, j, at.Add(time.Hour), 15*time.Minute)
	if list = uses(t, db); len(list) != 2 {
		t.Errorf("the next hour has no row of its own: %+v", list)
	}
}

func TestLaterTokensAreCountedInMemoryAndStoredByFlush(t *testing.T) {
	db := storetest.Open(t)
	j := grants.NewJournal(db)
	before := uint64(0)
	for i := range 10 {
		issue(t, j, at, time.Minute)
		if i == 0 {
			before = db.Queries()
		}
	}
	if db.Queries() != before {
		t.Errorf("later tokens made %d queries", db.Queries()-before)
	}
	for range 2 { // a second flush has nothing to add
		if err := j.Flush(t.Context(), at.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if list := uses(t, db); list[0].Count != 10 {
		t.Errorf("counted %d, want 10", list[0].Count)
	}
}

func TestCountsSurviveAFailedFlush(t *testing.T) {
	url := storetest.URL(t)
	db := storetest.OpenURL(t, url, store.Options{})
	j := grants.NewJournal(&sometimes{DB: db})
	issue(t, j, at, time.Minute)
	issue(t, j, at, time.Minute)
	if err := j.Flush(t.Context(), at.Add(2*time.Hour)); err == nil {
		t.Fatal("the flush did not fail")
	}
	if err := j.Flush(t.Context(), at.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if list := uses(t, db); list[0].Count != 2 {
		t.Errorf("counted %d, want 2", list[0].Count)
	}
}

// sometimes is a store whose second write fails.
type sometimes struct {
	*store.DB
	writes int
}

func (s *sometimes) AddUses(ctx context.Context, uses []tenants.FirstUse) error {
	if s.writes++; s.writes == 2 {
		return tenants.ErrUnavailable
	}
	return s.DB.AddUses(ctx, uses)
}
