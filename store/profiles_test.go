package store_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Class O: what a profile holds does not multiply in memory, where caches keep
// many users.
func TestClassOProfilesFillNoMemory(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	ann := newUser(t, acme.ID, "ann")
	ann.Profile = json.RawMessage(`{"x":[{}` + strings.Repeat(",{}", 5400) + `]}`)
	must(t, db.CreateUser(t.Context(), ann, audit("user.create")))
	kept := make([]*tenants.User, 50)
	before := heap()
	for i := range kept {
		var err error
		kept[i], err = db.UserByID(t.Context(), acme.ID, ann.ID)
		must(t, err)
	}
	if each := (heap() - before) / int64(len(kept)); each > 2*int64(len(ann.Profile)) {
		t.Errorf("a user with a profile of %d bytes takes %d", len(ann.Profile), each)
	}
	if list, _ := kept[0].ProfileField("x").([]any); len(list) != 5401 {
		t.Errorf("its field has %d values", len(list))
	}
	runtime.KeepAlive(kept)
}

// heap returns the bytes that are in use.
func heap() int64 {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return int64(now.HeapAlloc)
}
