package cmd

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// The admin API hashes passwords in the slots of its node, as signing in does.
func TestPasswordsThatAdministratorsSetTakeTheNodesSlots(t *testing.T) {
	n := nodeOn(t, zap.NewNop())
	full, err := passwords.NewHasher(0, passwords.DefaultCost())
	must(t, err)
	service := newAdmin(n.settings, &url.URL{Scheme: "https", Host: "a.example"}, n.db, n.sealer, keys.NewPeppers(n.db, n.sealer), nil, full)
	user := admin.NewUser{UserSettings: admin.UserSettings{Username: "ann", Password: "correct horse battery"}}
	if _, err := service.CreateUser(t.Context(), admin.Actor{Name: "test", Scopes: admin.AllScopes()}, tenants.OperatorSlug, user); !errors.Is(err, passwords.ErrBusy) {
		t.Errorf("hashed although no slot was free: %v", err)
	}
}

// What is told of keys is there from the start.
func TestWorkThatIsDoneEveryMinuteIsDoneAtOnce(t *testing.T) {
	n := nodeOn(t, zap.NewNop())
	ended, end := context.WithCancel(t.Context())
	done := 0
	n.every(ended, time.Hour, "", func(context.Context) error { done++; end(); return nil })
	if done != 1 {
		t.Errorf("done %d times", done)
	}
}
