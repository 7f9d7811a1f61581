package store_test

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

func TestClockIsThatOfTheDatabase(t *testing.T) {
	db := storetest.OpenURL(t, storetest.URL(t), store.Options{Now: func() time.Time { return instant }})
	at, err := db.Clock(t.Context())
	must(t, err)
	if storetest.IsPostgres() == at.Equal(instant.Truncate(time.Microsecond)) {
		t.Errorf("the database's clock says %v", at)
	}
}
