package grants_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// blocked is a store that has every account wait.
type blocked struct{ *store.DB }

func (blocked) TakeAttempt(context.Context, tenants.Attempt) (time.Duration, error) {
	return time.Minute, nil
}

// Class M: of an account that must wait no password is hashed, the right one neither.
func TestClassMNothingIsHashedForWhoMustWait(t *testing.T) {
	db := storetest.Open(t)
	tenant := &tenants.Tenant{ID: "t", Slug: "acme", Issuer: "https://acme.example", Status: tenants.Active}
	must(t, db.CreateTenant(t.Context(), tenant, keys.SealedPepper{Sealed: []byte("x")}, tenants.AuditEvent{}))
	hasher, err := passwords.NewHasher(1, passwords.DefaultCost())
	must(t, err)
	slot, err := hasher.Acquire(t.Context())
	must(t, err)
	hash, err := slot.Hash("correct horse")
	must(t, err)
	slot.Release()
	must(t, db.CreateUser(t.Context(), &tenants.User{TenantID: tenant.ID, ID: "ann", Username: "ann", PasswordHash: hash, Status: tenants.Active}, tenants.AuditEvent{}))
	signIn := grants.NewSignIn(tenants.NewDirectory(db, 10), blocked{db}, hasher, 0, time.Now)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 5 {
		_, err := signIn.Password(t.Context(), grants.Login{Tenant: tenant, Username: "ann", Password: "correct horse"})
		if refused := (*oauth.Error)(nil); !errors.As(err, &refused) || refused.Code != oauth.SlowDown {
			t.Fatalf("answered %v", err)
		}
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 19<<20 { // what one hash takes
		t.Errorf("%d bytes were needed to say no", took)
	}
}
