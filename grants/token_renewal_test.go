package grants_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// told is a signer that takes one token for good: the payload it holds.
type told struct {
	plain
	payload []byte
}

func (s *told) Verify(_ context.Context, _, _, token string) ([]byte, error) {
	if token != "a.b.c" {
		return nil, oauth.ErrInvalidToken
	}
	return s.payload, nil
}

// A token renews itself only where an endpoint of the same dialect gave it to a
// person for that.
func TestOnlyTokensMarkedForItRenewThemselves(t *testing.T) {
	db, now := storetest.Open(t), time.Now().UTC().Truncate(time.Second)
	tenant := &tenants.Tenant{ID: "t", Slug: "t", Issuer: "https://t.example", Status: tenants.Active}
	must(t, db.CreateTenant(t.Context(), tenant, keys.SealedPepper{Sealed: []byte("x")}, tenants.AuditEvent{}))
	client := func(id, method string) *tenants.Client {
		c := &tenants.Client{TenantID: "t", ID: id, Name: id, Status: tenants.Active, AuthMethod: method, GrantTypes: []string{oauth.GrantRenewal, oauth.GrantPassword}}
		must(t, db.CreateClient(t.Context(), c, tenants.AuditEvent{}))
		return c
	}
	shop, other, app := client("shop", oauth.AuthDialect), client("other", oauth.AuthDialect), client("app", oauth.AuthSecretBasic)
	must(t, db.CreateUser(t.Context(), &tenants.User{TenantID: "t", ID: "ann", Username: "ann", Status: tenants.Active}, tenants.AuditEvent{}))
	withdrawn := *shop
	withdrawn.GrantTypes = []string{oauth.GrantRenewal}
	signer := &told{}
	inspector := grants.NewInspector(tenants.NewDirectory(db, 10), signer, func() time.Time { return now })
	until := now.Add(time.Hour).Unix()
	good := map[string]any{
		"iss": tenant.Issuer, "sub": "ann", "aud": tenant.Issuer, "exp": now.Add(time.Minute).Unix(), "iat": now.Add(time.Minute).Unix(),
		"jti": "j", "client_id": "shop", "renew_until": until, "auth_time": 7, "grant_id": "family",
	}
	start := func(id, clientID string, ends time.Time) {
		must(t, db.RecordIssue(t.Context(), tenants.Issue{Refresh: &tenants.RefreshStart{Family: tenants.RefreshFamily{
			ID: id, TenantID: "t", ClientID: clientID, UserID: "ann", GrantType: oauth.GrantPassword, CreatedAt: now, ExpiresAt: ends,
		}}}))
	}
	start("family", "shop", now.Add(time.Hour))
	start("ended", "shop", now)
	tokens := grants.NewRefreshTokens(db, tenants.NewDirectory(db, 10), nil, func() time.Time { return now })
	for name, test := range map[string]struct {
		client *tenants.Client
		claims map[string]any
		text   string
		want   oauth.Code
	}{
		"the right one":              {client: shop},
		"of another dialect":         {client: other, want: oauth.InvalidToken},
		"by a client of its own":     {client: app, claims: map[string]any{"client_id": "app"}, want: oauth.UnauthorizedClient},
		"not marked":                 {client: shop, claims: map[string]any{"renew_until": 0}, want: oauth.InvalidToken},
		"that somebody acts by":      {client: shop, claims: map[string]any{"act": map[string]any{"sub": "ann"}}, want: oauth.InvalidToken},
		"of a program":               {client: shop, claims: map[string]any{"sub": "shop"}, want: oauth.InvalidToken},
		"that has expired":           {client: shop, claims: map[string]any{"exp": now.Unix()}, want: oauth.InvalidToken},
		"that nobody signed":         {client: shop, text: "x.y.z", want: oauth.InvalidToken},
		"that has no token's form":   {client: shop, text: "nonsense", want: oauth.InvalidRequest},
		"none":                       {client: shop, text: "-", want: oauth.InvalidToken},
		"of no family":               {client: shop, claims: map[string]any{"grant_id": nil}, want: oauth.InvalidToken},
		"of a family that has ended": {client: shop, claims: map[string]any{"grant_id": "ended"}, want: oauth.InvalidToken},
		"by a grant that was taken":  {client: &withdrawn, want: oauth.InvalidToken},
		"of somebody who is not any": {client: shop, claims: map[string]any{"sub": "nobody"}, want: oauth.InvalidToken},
	} {
		claims := maps.Clone(good)
		maps.Copy(claims, test.claims)
		payload, err := json.Marshal(claims)
		must(t, err)
		signer.payload = payload
		params := oauth.Params{"subject_token": "a.b.c"}
		if test.text != "" {
			params["subject_token"] = test.text
		}
		if test.text == "-" {
			delete(params, "subject_token")
		}
		subject, err := grants.TokenRenewal{Tokens: tokens}.Authorize(t.Context(), &grants.Request{Tenant: tenant, Client: test.client, Params: params, Inspector: inspector})
		if test.want == "" {
			must(t, err)
			if subject.ID != "ann" || subject.RenewUntil != until || subject.Expiry.Unix() != until || len(subject.Exchanged) != 1 || subject.Claims["auth_time"] == nil {
				t.Errorf("%s: %+v", name, subject)
			}
			continue
		}
		var refused *oauth.Error
		if !errors.As(err, &refused) || refused.Code != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

// What is revoked stays so for as long as anything that came of it could live.
func TestRevocationOfARenewableTokenOutlivesItsChain(t *testing.T) {
	db, now := storetest.Open(t), time.Now().UTC().Truncate(time.Second)
	tenant := &tenants.Tenant{ID: "t", Slug: "t", Issuer: "https://t.example", Status: tenants.Active}
	must(t, db.CreateTenant(t.Context(), tenant, keys.SealedPepper{Sealed: []byte("x")}, tenants.AuditEvent{}))
	must(t, db.CreateClient(t.Context(), &tenants.Client{TenantID: "t", ID: "app", Status: tenants.Active, AuthMethod: oauth.AuthNone}, tenants.AuditEvent{}))
	clock := func() time.Time { return now }
	signer, directory := &told{}, tenants.NewDirectory(db, 10)
	clients := grants.NewAuthenticator(directory, grants.NewThrottle(clock), clock, grants.PublicClient{})
	service := grants.NewService(grants.NewRegistry(), clients, directory, signer, grants.NewJournal(db), clock)
	for id, until := range map[string]time.Time{"plain": {}, "renewable": now.Add(time.Hour)} {
		claims := map[string]any{"iss": tenant.Issuer, "sub": "ann", "aud": tenant.Issuer, "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "jti": id, "client_id": "app"}
		if !until.IsZero() {
			claims["renew_until"] = until.Unix()
		}
		payload, err := json.Marshal(claims)
		must(t, err)
		signer.payload = payload
		must(t, service.Revoke(t.Context(), &grants.TokenRequest{
			Tenant: tenant, Params: oauth.Params{"token": "a.b.c"}, Credentials: oauth.Credentials{Method: oauth.AuthNone, Readings: []oauth.Pair{{ClientID: "app"}}},
		}))
	}
	list, err := db.Revocations(t.Context(), "t")
	must(t, err)
	if len(list) != 2 || !list[0].ExpiresAt.Equal(now.Add(time.Minute)) || !list[1].ExpiresAt.Equal(now.Add(time.Hour)) {
		t.Errorf("revoked are %+v", list)
	}
}
