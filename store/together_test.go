package store_test

import (
	"errors"
	"testing"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Changes that are made together are stored together, heard of together, or not
// at all; a single one that is refused takes nothing else with it.
func TestTogetherOrNotAtAll(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	var heard []feed.Event
	db.Subscribe(func(e feed.Event) { heard = append(heard, e) })
	refused := errors.New("refused")

	change := func(end error) error {
		return db.Together(t.Context(), func(within *store.DB) error {
			createAPI(t, within, acme.ID, "https://a.example", false)
			again := within.CreateAPI(t.Context(), newAPI(t, acme.ID, "https://a.example", false), audit("api.create"))
			wantErr(t, again, tenants.ErrExists)
			createAPI(t, within, acme.ID, "https://b.example", false)
			_, err := within.API(t.Context(), acme.ID, "https://a.example")
			must(t, err)
			if len(heard) > 0 {
				t.Error("subscribers hear of what may yet be taken back")
			}
			return end
		})
	}
	wantErr(t, change(refused), refused)
	_, err := db.API(t.Context(), acme.ID, "https://a.example")
	wantErr(t, err, tenants.ErrNotFound)
	must(t, change(nil))
	if len(heard) != 2 || heard[1].N != heard[0].N+1 {
		t.Errorf("heard %+v", heard)
	}
	for _, identifier := range []string{"https://a.example", "https://b.example"} {
		_, err := db.API(t.Context(), acme.ID, identifier)
		must(t, err)
	}
}
