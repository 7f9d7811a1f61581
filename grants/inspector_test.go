package grants_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

type object = map[string]any

// rig is an Inspector of a tenant "acme" with the clients app, desk and robot,
// the API "api" and the users ann and carl.
type rig struct {
	*admin.Service
	t         *testing.T
	now       time.Time
	db        *store.DB
	tenant    *tenants.Tenant
	rings     *keys.Rings
	inspector *grants.Inspector
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, db: storetest.Open(t), now: at}
	clock := func() time.Time { return r.now }
	sealer := keystest.Sealer()
	peppers, directory := keys.NewPeppers(r.db, sealer), tenants.NewDirectory(r.db, 100)
	public, err := url.Parse("https://gatehouse.example")
	r.must(err)
	timing := keys.Timing{MaxAge: 5 * time.Minute, Staleness: 30 * time.Second, Skew: time.Minute, Period: 720 * time.Hour, Lead: 24 * time.Hour}
	r.Service = admin.New(r.db, sealer, peppers, admin.Config{
		PublicURL: public, Timing: timing, Grants: []string{oauth.GrantClientCredentials}, AuthMethods: []string{oauth.AuthSecretBasic}, NewKey: keystest.NewKey,
	}, clock)
	r.rings = keys.NewRings(r.db, r.Service, sealer, timing, clock)
	r.db.Subscribe(directory.Apply)
	r.db.Subscribe(r.rings.Apply)
	_, err = r.Bootstrap(t.Context(), admin.BootstrapOptions{})
	r.must(err)
	r.tenant, err = r.CreateTenant(t.Context(), r.all(), admin.NewTenant{Slug: "acme", Name: "Acme"})
	r.must(err)
	_, err = r.CreateAPI(t.Context(), r.all(), "acme", admin.NewAPI{Identifier: "api", Name: "API"})
	r.must(err)
	for _, id := range []string{"app", "desk", "robot"} {
		r.client(id)
	}
	r.user("ann")
	r.user("carl")
	r.inspector = grants.NewInspector(directory, r.rings, clock)
	return r
}

func (r *rig) all() admin.Actor { return admin.Actor{Name: "test", Scopes: admin.AllScopes()} }

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) client(id string) {
	r.t.Helper()
	var n admin.NewClient
	n.ID, n.Name, n.APIs = id, id, []tenants.APIAccess{{Identifier: "api"}}
	_, err := r.CreateClient(r.t.Context(), r.all(), "acme", n)
	r.must(err)
}

func (r *rig) user(id string) {
	r.t.Helper()
	r.must(r.db.CreateUser(r.t.Context(), &tenants.User{TenantID: r.tenant.ID, ID: id, Username: id, Status: tenants.Active, CreatedAt: r.now}, tenants.AuditEvent{Actor: "test"}))
}

func (r *rig) disable(id string) {
	r.t.Helper()
	u, err := r.db.User(r.t.Context(), r.tenant.ID, id)
	r.must(err)
	u.Status = tenants.Disabled
	r.must(r.db.UpdateUser(r.t.Context(), u, tenants.AuditEvent{Actor: "test"}))
}

func (r *rig) delete(id string) {
	r.t.Helper()
	r.must(r.db.DeleteUser(r.t.Context(), r.tenant.ID, id, 0, tenants.AuditEvent{Actor: "test"}))
}

func (r *rig) revoke(o admin.TokenRevocation) {
	r.t.Helper()
	_, err := r.RevokeTokens(r.t.Context(), r.all(), "acme", o)
	r.must(err)
}

func (r *rig) patch(id string, p admin.Patch) {
	r.t.Helper()
	_, err := r.UpdateClient(r.t.Context(), r.all(), "acme", id, 0, p)
	r.must(err)
}

// sign makes a token for carl by which ann acts, and robot behind her, with more
// or other claims.
func (r *rig) sign(more object) string {
	r.t.Helper()
	claims := object{
		"iss": r.tenant.Issuer, "sub": "carl", "aud": "api", "client_id": "app", "jti": "one", "iat": r.now.Unix(), "exp": r.now.Add(time.Hour).Unix(),
		"act": object{"sub": "ann", "act": object{"sub": "robot"}},
	}
	for name, value := range more {
		claims[name] = value
	}
	token, _, err := r.rings.Sign(r.t.Context(), r.tenant.ID, keys.ES256, oauth.TypeAccessToken, claims)
	r.must(err)
	return token
}

func (r *rig) live(token string) *grants.Token {
	r.t.Helper()
	live, err := r.inspector.Live(r.t.Context(), r.tenant, token)
	r.must(err)
	return live
}

func TestLiveTokenTellsWhoseItIs(t *testing.T) {
	r := newRig(t)
	got := r.live(r.sign(nil))
	if got == nil || got.Client.ID != "app" || got.User.ID != "carl" || !got.Expiry.Equal(r.now.Add(time.Hour)) {
		t.Fatalf("got %+v", got)
	}
	if exp, ok := got.Claims["exp"].(json.Number); !ok || exp.String() == "" {
		t.Errorf("exp is %v", got.Claims["exp"])
	}
	if own := r.live(r.sign(object{"sub": "app", "act": nil})); own == nil || own.User != nil {
		t.Errorf("of the client itself: %+v", own)
	}
	if forIssuer := r.live(r.sign(object{"aud": r.tenant.Issuer})); forIssuer == nil {
		t.Error("a token for the issuer is dead")
	}
}

// Class E: of a token that carries claims which encoding/json would take for those
// that count, the exact ones count.
func TestClassEClaimsAreReadByTheirExactNames(t *testing.T) {
	r := newRig(t)
	forged := object{
		"ſub": "ann", "Sub": "ann", "iſs": "https://elsewhere.example", "AUD": "other", "Client_ID": "desk", "EXP": r.now.Add(time.Minute).Unix(),
		"Act": object{"sub": "nobody"}, "Exchanged": []object{{"jti": "two", "sub": "nobody"}}, "GRANT_ID": "g", "Renew_Until": 1,
	}
	got := r.live(r.sign(forged))
	if got == nil || got.User.ID != "carl" || got.Client.ID != "app" || !got.Expiry.Equal(r.now.Add(time.Hour)) {
		t.Fatalf("got %+v", got)
	}
	nested := r.sign(object{"act": object{"sub": "ann", "ſub": "nobody", "Act": object{"sub": "nobody"}}})
	if r.live(nested) == nil {
		t.Error("an actor that is not named so ends a token")
	}
	r.disable("ann")
	if r.live(nested) != nil {
		t.Error("the actor counts by another name")
	}
}

// Class F: whatever ends for anybody who has to do with a token ends the token.
func TestClassFTokensEndWithWhatTheyStandOn(t *testing.T) {
	const party = "its user, or who acts by it, is disabled or was deleted"
	for name, c := range map[string]struct {
		end func(r *rig)
		why string
	}{
		"disabled user":          {func(r *rig) { r.disable("carl") }, party},
		"deleted user":           {func(r *rig) { r.delete("carl") }, party},
		"user made again":        {func(r *rig) { r.delete("carl"); r.now = r.now.Add(time.Second); r.user("carl") }, party},
		"disabled actor":         {func(r *rig) { r.disable("ann") }, party},
		"deleted actor":          {func(r *rig) { r.delete("ann") }, party},
		"actor made again":       {func(r *rig) { r.delete("ann"); r.now = r.now.Add(time.Second); r.user("ann") }, party},
		"disabled client behind": {func(r *rig) { r.patch("robot", admin.Patch{"status": "disabled"}) }, party},
		"disabled client":        {func(r *rig) { r.patch("app", admin.Patch{"status": "disabled"}) }, "its client is disabled"},
		"expired client":         {func(r *rig) { r.patch("app", admin.Patch{"expires_at": r.now.Format(time.RFC3339)}) }, "its client has expired"},
		"withdrawn API":          {func(r *rig) { r.patch("app", admin.Patch{"apis": []any{}}) }, "its client may not use its API any more"},
		"deleted client":         {func(r *rig) { r.must(r.DeleteClient(r.t.Context(), r.all(), "acme", "app", 0)) }, "its client was deleted"},
		"client made again": {func(r *rig) {
			r.must(r.DeleteClient(r.t.Context(), r.all(), "acme", "app", 0))
			r.now = r.now.Add(time.Second)
			r.client("app")
		}, "its client was deleted"},
		"the token itself":        {func(r *rig) { r.revoke(admin.TokenRevocation{TokenID: "one"}) }, "it was revoked"},
		"all tokens":              {func(r *rig) { r.revoke(admin.TokenRevocation{All: true}) }, "it was revoked"},
		"tokens of the client":    {func(r *rig) { r.revoke(admin.TokenRevocation{ClientID: "app"}) }, "it was revoked"},
		"tokens of the user":      {func(r *rig) { r.revoke(admin.TokenRevocation{UserID: "carl"}) }, "it was revoked"},
		"tokens of the actor":     {func(r *rig) { r.revoke(admin.TokenRevocation{UserID: "ann"}) }, "it was revoked"},
		"revoked later once more": {func(r *rig) { r.revoke(admin.TokenRevocation{UserID: "ann"}); r.now = r.now.Add(time.Minute) }, "it was revoked"},
		"time":                    {func(r *rig) { r.now = r.now.Add(time.Hour) }, "it has expired"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			token := r.sign(nil)
			if r.live(token) == nil {
				t.Fatal("the token is dead from the start")
			}
			if c.end(r); r.live(token) != nil {
				t.Error("the token is live")
			}
			_, err := r.inspector.Judge(t.Context(), r.tenant, token)
			if !errors.Is(err, oauth.ErrInvalidToken) || err.Error() != "invalid token: "+c.why {
				t.Errorf("judged %v, want %s", err, c.why)
			}
		})
	}
}

func TestTokensOfOthersLive(t *testing.T) {
	r := newRig(t)
	token := r.sign(nil)
	for _, o := range []admin.TokenRevocation{{TokenID: "two"}, {ClientID: "desk"}, {UserID: "oauth_app"}} {
		if r.revoke(o); r.live(token) == nil {
			t.Fatalf("%+v ended a token of others", o)
		}
	}
	r.now = r.now.Add(time.Minute) // those above were at once, and reach a little ahead
	r.revoke(admin.TokenRevocation{UserID: "carl"})
	r.now = r.now.Add(time.Second)
	if r.live(r.sign(object{"jti": "three"})) == nil {
		t.Error("a token of a later second is dead")
	}
}

func TestTokensThatAreNoneAreDead(t *testing.T) {
	r := newRig(t)
	for name, claims := range map[string]object{
		"another issuer":    {"iss": "https://gatehouse.example/t/other"},
		"an unknown API":    {"aud": "nothing"},
		"an unknown client": {"client_id": "nobody"},
		"an unknown user":   {"sub": "nobody"},
		"an unknown actor":  {"act": object{"sub": "nobody"}},
		"no actor's name":   {"act": object{}},
		"a list of APIs":    {"aud": []string{"api"}},
		"a name for an exp": {"exp": "never"},
	} {
		if r.live(r.sign(claims)) != nil {
			t.Errorf("%s: live", name)
		}
	}
	id, _, err := r.rings.Sign(t.Context(), r.tenant.ID, keys.ES256, "JWT", object{"iss": r.tenant.Issuer, "sub": "carl", "aud": "api", "client_id": "app", "exp": r.now.Add(time.Hour).Unix()})
	r.must(err)
	for _, text := range []string{id, "", "x", "gatehouse_at_", "gatehouse_at_" + string(make([]byte, 49))} {
		if r.live(text) != nil {
			t.Errorf("%q is live", text)
		}
	}
}

// An API that no client refers to can be deleted; its tokens end with it.
func TestTokensEndWithTheirAPI(t *testing.T) {
	r := newRig(t)
	token := r.sign(nil)
	r.must(r.db.DeleteAPI(t.Context(), r.tenant.ID, "api", 0, tenants.AuditEvent{Actor: "test"}))
	if r.live(token) != nil {
		t.Error("live")
	}
}

// What speaks for a service account, such as an API key's token, ends with the
// account's client, also where another client got it.
func TestTokensOfAServiceAccountEndWithItsClient(t *testing.T) {
	r := newRig(t)
	token := r.sign(object{"sub": "oauth_robot", "act": nil})
	if r.live(token) == nil {
		t.Fatal("the token is dead from the start")
	}
	if r.patch("robot", admin.Patch{"status": "disabled"}); r.live(token) != nil {
		t.Error("the token is live")
	}
}
