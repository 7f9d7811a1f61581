package store_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestConnectionsThatWereCutAreReplaced(t *testing.T) {
	if !storetest.IsPostgres() {
		return // there is no connection to cut
	}
	url := storetest.URL(t)
	db, other := storetest.OpenURL(t, url, store.Options{}), storetest.OpenURL(t, url, store.Options{})
	acme := newTenant(t, db, "acme")
	for range 5 {
		_, err := other.Pool().Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		must(t, err)
		if _, err := db.TenantByID(t.Context(), acme.ID); err != nil {
			wantErr(t, err, tenants.ErrUnavailable)
		}
		_, err = db.TenantByID(t.Context(), acme.ID)
		must(t, err)
		must(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")))
	}
}

// stall is a way to a server on which everything can be held up.
type stall struct{ gate sync.RWMutex }

// through hands nothing on while the gate is locked.
func (s *stall) through(to io.Writer) io.Writer { return gated{s, to} }

type gated struct {
	*stall
	to io.Writer
}

func (g gated) Write(p []byte) (int, error) {
	g.gate.RLock()
	defer g.gate.RUnlock()
	return g.to.Write(p)
}

// listen accepts connections to server and returns where.
func (s *stall) listen(t *testing.T, server string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server)
			if err != nil {
				from.Close()
				return
			}
			go func() { io.Copy(s.through(to), from); to.Close() }()
			go func() { io.Copy(s.through(from), to); from.Close() }()
		}
	}()
	return listener.Addr().String()
}

func TestDatabaseThatStopsAnsweringIsUnavailableInTime(t *testing.T) {
	if !storetest.IsPostgres() {
		return // there is no network in between
	}
	server, err := url.Parse(storetest.URL(t))
	must(t, err)
	var way stall
	server.Host = way.listen(t, server.Host)
	const timeout = 300 * time.Millisecond
	db := storetest.OpenURL(t, server.String(), store.Options{Timeout: timeout, Connections: 3})
	acme := newTenant(t, db, "acme")

	way.gate.Lock()
	var wait sync.WaitGroup
	for range 10 { // more than there are connections
		wait.Go(func() {
			begun := time.Now()
			if _, err := db.TenantByID(t.Context(), acme.ID); !errors.Is(err, tenants.ErrUnavailable) {
				t.Errorf("reading: %v", err)
			}
			if err := db.UpdateTenant(t.Context(), &tenants.Tenant{ID: acme.ID}, audit("tenant.update")); !errors.Is(err, tenants.ErrUnavailable) {
				t.Errorf("writing: %v", err)
			}
			if took := time.Since(begun); took > 2*timeout+time.Second {
				t.Errorf("two answers took %v", took)
			}
		})
	}
	wait.Wait()
	if open := db.Stats().OpenConnections; open > 3 {
		t.Errorf("%d connections are open", open)
	}
	way.gate.Unlock()
	_, err = db.TenantByID(t.Context(), acme.ID)
	must(t, err)
	must(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")))
}
