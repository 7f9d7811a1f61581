package cmd

import (
	"errors"
	"net/url"
	"testing"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// The admin API hashes passwords in the slots of its node, as signing in does.
func TestPasswordsThatAdministratorsSetTakeTheNodesSlots(t *testing.T) {
	n := nodeOn(t, zap.NewNop())
	full, err := passwords.NewHasher(0)
	must(t, err)
	service := newAdmin(n.settings, &url.URL{Scheme: "https", Host: "a.example"}, n.db, n.sealer, keys.NewPeppers(n.db, n.sealer), nil, full)
	user := admin.NewUser{UserSettings: admin.UserSettings{Username: "ann", Password: "correct horse battery"}}
	if _, err := service.CreateUser(t.Context(), admin.Actor{Name: "test", Scopes: admin.AllScopes()}, tenants.OperatorSlug, user); !errors.Is(err, passwords.ErrBusy) {
		t.Errorf("hashed although no slot was free: %v", err)
	}
}
