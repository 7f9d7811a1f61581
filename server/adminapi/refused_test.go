package adminapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/server/adminapi"
)

// panicking is an Authenticator that breaks down.
type panicking struct{}

func (panicking) Authenticate(context.Context, string) (admin.Actor, error) { panic("at the disco") }

// Whoever refuses a request to the admin API, on either listener, does so by a
// problem document with a stable code.
func TestEverythingBelowThePrefixIsRefusedByAProblem(t *testing.T) {
	d := newDesk(t)
	mount := adminapi.Mount(d.service, panicking{})
	for name, c := range map[string]struct {
		method, path string
		staleness    time.Duration
		status       int
		code         string
	}{
		"a stale node":      {"GET", "/admin/v1/tenants", time.Hour, 503, "unavailable"},
		"a panic":           {"GET", "/admin/v1/tenants", 0, 500, "internal"},
		"an unknown path":   {"GET", "/admin/v1/nothing", 0, 404, "not_found"},
		"the bare prefix":   {"GET", "/admin/v1", 0, 404, "not_found"},
		"an unknown method": {"PROPFIND", "/admin/v1/tenants", 0, 405, "method_not_allowed"},
		"another method":    {"PUT", "/admin/v1/tenants", 0, 405, "method_not_allowed"},
	} {
		front := server.New(server.Config{PublicURL: &url.URL{}, MaxStaleness: time.Second}, server.Parts{
			Admin: mount, Staleness: func() time.Duration { return c.staleness }, Metrics: server.NewMetrics(), Log: zap.NewNop(),
		})
		for listener, handler := range map[string]http.Handler{"public": front.Handler(), "admin": front.AdminHandler(mount)} {
			request := httptest.NewRequest(c.method, c.path, nil)
			request.Header.Set("Authorization", "Bearer x")
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			var problem struct {
				Title, Detail, Code string
				Status              int
				RequestID           string `json:"request_id"`
			}
			if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil {
				t.Fatalf("%s, %s: %s", name, listener, answer.Body)
			}
			if answer.Code != c.status || problem.Status != c.status || problem.Code != c.code || problem.Title == "" || problem.Detail == "" ||
				problem.RequestID == "" || answer.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s, %s: %d %v %s", name, listener, answer.Code, answer.Header(), answer.Body)
			}
			if c.status == 503 && answer.Header().Get("Retry-After") == "" {
				t.Errorf("%s, %s: no Retry-After", name, listener)
			}
		}
	}
}

// Where the admin API has a listener of its own, the public one says so alike.
func TestAbsentAdminAPIIsRefusedByAProblem(t *testing.T) {
	front := server.New(server.Config{PublicURL: &url.URL{}}, server.Parts{Metrics: server.NewMetrics(), Log: zap.NewNop()})
	answer := httptest.NewRecorder()
	front.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/admin/v1/tenants", nil))
	if answer.Code != 404 || answer.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}
