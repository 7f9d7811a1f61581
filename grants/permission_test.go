package grants_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// answerer is a grant that somebody else wrote: it says that the token is for
// whoever it holds.
type answerer struct{ subject *grants.Subject }

func (*answerer) Type() string     { return "urn:example:answer" }
func (*answerer) Params() []string { return nil }
func (*answerer) OpenToPublic()    {}
func (a *answerer) Authorize(context.Context, *grants.Request) (*grants.Subject, error) {
	return a.subject, nil
}

// signer signs nothing, and says so.
type signer struct{}

func (signer) Sign(context.Context, string, string, string, any) (token, kid string, err error) {
	return "unsigned", "kid", nil
}

func (signer) Verify(context.Context, string, string, string) ([]byte, error) {
	return nil, oauth.ErrInvalidToken
}

func (signer) Forget(string)                                         {}
func (signer) Revoked(context.Context, string, string) (bool, error) { return false, nil }

// What holds for subjects holds for those of every grant.
func TestServiceHoldsTheSubjectsOfEveryGrantToTheRules(t *testing.T) {
	db := storetest.Open(t)
	event := tenants.AuditEvent{Actor: "test", Action: "test"}
	tenant := &tenants.Tenant{ID: "t", Slug: "t", Issuer: "https://t.example", Status: tenants.Active}
	client := &tenants.Client{TenantID: "t", ID: "c", Status: tenants.Active, AuthMethod: oauth.AuthNone, GrantTypes: []string{"urn:example:answer"}, Permissions: []string{"machine"}}
	for _, err := range []error{
		db.CreateTenant(t.Context(), tenant, keys.SealedPepper{Sealed: []byte("x")}, event), db.CreateClient(t.Context(), client, event),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	directory, grant := tenants.NewDirectory(db, 10), &answerer{}
	clients := grants.NewAuthenticator(directory, grants.NewThrottle(time.Now), time.Now, grants.PublicClient{})
	service := grants.NewService(grants.NewRegistry(grant), clients, directory, signer{}, grants.NewJournal(db), time.Now)
	user := func(status tenants.Status, permissions ...string) *grants.Subject {
		return &grants.Subject{ID: "u", User: &tenants.User{TenantID: "t", ID: "u", Status: status, Permissions: permissions}}
	}
	for name, c := range map[string]struct {
		subject  *grants.Subject
		required string
		want     oauth.Code
	}{
		"active user":                  {user(tenants.Active), "", ""},
		"disabled user":                {user(tenants.Disabled), "", oauth.InvalidGrant},
		"user with the permission":     {user(tenants.Active, "a", "b"), "b", ""},
		"user without it":              {user(tenants.Active, "a"), "b", oauth.AccessDenied},
		"its client's does not count":  {user(tenants.Active), "machine", oauth.AccessDenied},
		"client with the permission":   {&grants.Subject{ID: "c"}, "machine", ""},
		"client without it":            {&grants.Subject{ID: "c"}, "human", oauth.AccessDenied},
		"no part of a permission does": {user(tenants.Active, "ab"), "a", oauth.AccessDenied},
	} {
		grant.subject = c.subject
		_, err := service.Token(t.Context(), &grants.TokenRequest{
			Tenant: tenant, Params: oauth.Params{"grant_type": "urn:example:answer"}, Profile: oauth.Profile{RequiredPermission: c.required},
			Credentials: oauth.Credentials{Method: oauth.AuthNone, Readings: []oauth.Pair{{ClientID: "c"}}},
		})
		var refused *oauth.Error
		if errors.As(err, &refused); err != nil && refused == nil || c.want == "" && err != nil || c.want != "" && (err == nil || refused.Code != c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	// What bounds a token is reckoned a moment before the token is made.
	bound := time.Now()
	grant.subject = &grants.Subject{ID: "c", Expiry: bound.Add(10 * time.Minute)}
	later := func() time.Time { return bound.Add(5 * time.Millisecond) }
	answer, err := grants.NewService(grants.NewRegistry(grant), clients, directory, signer{}, grants.NewJournal(db), later).Token(t.Context(), &grants.TokenRequest{
		Tenant: tenant, Params: oauth.Params{"grant_type": "urn:example:answer"},
		Credentials: oauth.Credentials{Method: oauth.AuthNone, Readings: []oauth.Pair{{ClientID: "c"}}},
	})
	if err != nil || answer.ExpiresIn != 600 {
		t.Errorf("a bound of 10 minutes gives %+v, %v", answer, err)
	}
}
