package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestSharedAudienceNeedsDistinctClientIDs(t *testing.T) {
	db := storetest.Open(t)
	a, b := newTenant(t, db, "a"), newTenant(t, db, "b")
	createAPI(t, db, a.ID, "aud", true)
	createAPI(t, db, a.ID, "only-a", true)
	createAPI(t, db, b.ID, "aud", true)
	createAPI(t, db, b.ID, "hidden", false)
	createClient(t, db, a.ID, "erp")
	createClient(t, db, b.ID, "crm")

	err := db.CreateClient(t.Context(), &tenants.Client{TenantID: b.ID, ID: "erp"}, audit("client.create"))
	wantErr(t, err, admin.ErrAmbiguous)
	_, err = db.ClientByID(t.Context(), b.ID, "erp")
	wantErr(t, err, tenants.ErrNotFound)

	d := newTenant(t, db, "d")
	createAPI(t, db, d.ID, "aud", false)
	createAPI(t, db, d.ID, "hidden", true)
	createClient(t, db, d.ID, "erp") // its aud is not findable
	createClient(t, db, d.ID, "crm") // b's hidden is not
	createAPI(t, db, newTenant(t, db, "e").ID, "hidden", true)

	c := newTenant(t, db, "c")
	createClient(t, db, c.ID, "erp") // nothing findable yet
	wantErr(t, db.CreateAPI(t.Context(), newAPI(t, c.ID, "aud", true), audit("api.create")), admin.ErrAmbiguous)
	createAPI(t, db, c.ID, "other-aud", true)
	createClient(t, db, c.ID, "crm")
	must(t, db.DeleteClient(t.Context(), d.ID, "crm", 0, audit("client.delete")))
	must(t, db.DeleteClient(t.Context(), d.ID, "erp", 0, audit("client.delete")))
	createAPI(t, db, c.ID, "hidden", true) // b has a crm too, but its hidden is not findable
	must(t, db.DeleteClient(t.Context(), c.ID, "crm", 0, audit("client.delete")))
	hidden := createAPI(t, db, c.ID, "aud", false)
	hidden.SharedHost = true
	wantErr(t, db.UpdateAPI(t.Context(), hidden, audit("api.update")), admin.ErrAmbiguous)
	if hidden.Version != 1 {
		t.Errorf("the refused update counted the version up to %d", hidden.Version)
	}
	if ids, err := db.TenantIDsByAudience(t.Context(), "aud"); err != nil || len(ids) != 2 {
		t.Errorf("findable in %v, %v", ids, err)
	}

	must(t, db.DeleteClient(t.Context(), a.ID, "erp", 0, audit("client.delete")))
	must(t, db.UpdateAPI(t.Context(), hidden, audit("api.update"))) // unambiguous now
}

// Clients that stand in for a dialect have the same id in every tenant.
func TestStandInsClashWithNobody(t *testing.T) {
	db := storetest.Open(t)
	a, b, c := newTenant(t, db, "a"), newTenant(t, db, "b"), newTenant(t, db, "c")
	stand := func(tenant *tenants.Tenant) error {
		return db.CreateClient(t.Context(), &tenants.Client{TenantID: tenant.ID, ID: "dialect", AuthMethod: oauth.AuthDialect}, audit("client.create"))
	}
	createAPI(t, db, a.ID, "aud", true)
	createAPI(t, db, b.ID, "aud", true)
	d := newTenant(t, db, "d")
	createAPI(t, db, d.ID, "aud", true)
	must(t, db.CreateClient(t.Context(), &tenants.Client{TenantID: d.ID, ID: "dialect", AuthMethod: oauth.AuthSecretBasic}, audit("client.create")))
	must(t, stand(a))
	must(t, stand(b))
	must(t, stand(c))
	createAPI(t, db, c.ID, "aud", true)
	must(t, db.DeleteClient(t.Context(), d.ID, "dialect", 0, audit("client.delete")))
	must(t, db.CreateClient(t.Context(), &tenants.Client{TenantID: d.ID, ID: "dialect", AuthMethod: oauth.AuthSecretBasic}, audit("client.create")))
}

func TestOfAmbiguousChangesAtOnceOneWins(t *testing.T) {
	nodeA, nodeB := storetest.OpenPair(t)
	a, b := newTenant(t, nodeA, "a"), newTenant(t, nodeA, "b")
	createAPI(t, nodeA, a.ID, "aud", true)
	createAPI(t, nodeA, b.ID, "aud", true)
	for i := range 20 {
		name := fmt.Sprintf("client-%d", i)
		errs := make([]error, 2)
		var wait sync.WaitGroup
		for j, one := range []struct {
			node   *store.DB
			tenant string
		}{{nodeA, a.ID}, {nodeB, b.ID}} {
			wait.Go(func() {
				errs[j] = one.node.CreateClient(t.Context(), &tenants.Client{TenantID: one.tenant, ID: name}, audit("client.create"))
			})
		}
		wait.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), admin.ErrAmbiguous) {
			t.Fatalf("round %d: %v", i, errs)
		}
	}
}
