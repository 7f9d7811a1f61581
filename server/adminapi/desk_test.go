package adminapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/fetch"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/server/adminapi"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// desk is the admin API over HTTP on a real store. Every call is held against
// the OpenAPI document, and counted.
type desk struct {
	t       *testing.T
	db      *store.DB
	service *admin.Service
	rings   *keys.Rings
	auth    *adminapi.TokenAuthenticator
	http    *httptest.Server
	spec    *openapi3.T
	routes  routers.Router
	seen    map[string]map[int]bool // operation id, status
	now     time.Time
	key     string // the id of an API key of acme's user ann
	issuer  string // the id of a trusted issuer
	rule    string // the id of an impersonation rule
	grant   string // the id of a grant type of the tenant's own
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, db: storetest.Open(t), seen: map[string]map[int]bool{}, now: time.Now().UTC().Truncate(time.Second)}
	clock := func() time.Time { return d.now }
	public, err := url.Parse("https://gatehouse.example")
	d.must(err)
	timing := keys.Timing{MaxAge: 5 * time.Minute, Staleness: 30 * time.Second, Skew: time.Minute, Period: 720 * time.Hour, Lead: 24 * time.Hour}
	sealer := keystest.Sealer()
	peppers, directory := keys.NewPeppers(d.db, sealer), tenants.NewDirectory(d.db, 100)
	d.service = admin.New(d.db, sealer, peppers, admin.Config{
		PublicURL: public, Timing: timing, Dialects: []admin.Dialect{{Name: "dealcloud"}}, Grants: []string{oauth.GrantClientCredentials},
		AuthMethods: []string{oauth.AuthSecretBasic, oauth.AuthSecretPost, oauth.AuthPrivateKeyJWT}, NewKey: keystest.NewKey,
		CheckURL: fetch.New(fetch.Config{}).Check,
	}, clock)
	d.rings = keys.NewRings(d.db, d.service, sealer, timing, clock)
	d.db.Subscribe(directory.Apply)
	d.db.Subscribe(peppers.Apply)
	d.db.Subscribe(d.rings.Apply)
	d.auth = adminapi.NewTokenAuthenticator(directory, grants.NewInspector(directory, d.rings, clock))
	front := server.New(server.Config{PublicURL: public, MaxStaleness: timing.Staleness}, server.Parts{Staleness: func() time.Duration { return 0 }, Metrics: server.NewMetrics(), Log: zap.NewNop()})
	d.http = httptest.NewServer(front.AdminHandler(func(r gin.IRouter) { adminapi.Register(r, d.service, d.auth) }))
	t.Cleanup(d.http.Close)
	d.spec, err = openapi3.NewLoader().LoadFromData(adminapi.OpenAPI())
	d.must(err)
	d.must(d.spec.Validate(t.Context()))
	d.routes, err = legacy.NewRouter(d.spec)
	d.must(err)
	_, err = d.service.Bootstrap(t.Context(), admin.BootstrapOptions{})
	d.must(err)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func everything() admin.Actor { return admin.Actor{Name: "test", Scopes: admin.AllScopes()} }

// sign returns a token of the tenant with these claims beside the usual ones.
func (d *desk) sign(slug, typ string, claims map[string]any) string {
	d.t.Helper()
	t, err := d.service.Tenant(d.t.Context(), everything(), slug)
	d.must(err)
	all := map[string]any{"iss": t.Issuer, "aud": oauth.AdminAudience, "iat": d.now.Unix(), "exp": d.now.Add(time.Hour).Unix()}
	for name, value := range claims {
		all[name] = value
	}
	token, _, err := d.rings.Sign(d.t.Context(), t.ID, keys.ES256, typ, all)
	d.must(err)
	return token
}

// token returns a good token of a client.
func (d *desk) token(slug, client string, scopes ...string) string {
	d.t.Helper()
	return d.sign(slug, oauth.TypeAccessToken, map[string]any{"sub": client, "client_id": client, "scope": strings.Join(scopes, " ")})
}

func (d *desk) operator() string { return d.token("operator", "operator", admin.AllScopes()...) }

// administrator makes a client with every admin scope in the tenant, and
// returns its token.
func (d *desk) administrator(slug string) string {
	d.t.Helper()
	var n admin.NewClient
	n.ID, n.Name, n.APIs = "admin-of-"+slug, "Admin", []tenants.APIAccess{{Identifier: oauth.AdminAudience}}
	_, err := d.service.CreateClient(d.t.Context(), everything(), slug, n)
	d.must(err)
	return d.token(slug, n.ID, admin.AllScopes()...)
}

// call is one request. Where refused is set, it is not held against the document.
type call struct {
	method, path string
	token        string
	body         any // string: as it is; nil: none
	contentType  string
	header       map[string]string
	refused      bool
	chunked      bool
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// text returns a member of the body that is a string.
func (r reply) text(name string) string { s, _ := r.body[name].(string); return s }

func (d *desk) do(c call) reply {
	d.t.Helper()
	body := d.encode(c.body)
	var reader io.Reader = bytes.NewReader(body)
	if c.chunked {
		reader = io.MultiReader(reader) // hides the length
	}
	request, err := http.NewRequestWithContext(d.t.Context(), c.method, d.http.URL+adminapi.Prefix+c.path, reader)
	d.must(err)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.contentType == "" && c.body != nil {
		c.contentType = "application/json"
	}
	if c.contentType != "" {
		request.Header.Set("Content-Type", c.contentType)
	}
	for name, value := range c.header {
		request.Header.Set(name, value)
	}
	answer, err := d.http.Client().Do(request)
	d.must(err)
	defer answer.Body.Close()
	r := reply{status: answer.StatusCode, header: answer.Header}
	r.raw, err = io.ReadAll(answer.Body)
	d.must(err)
	if len(r.raw) > 0 && strings.Contains(answer.Header.Get("Content-Type"), "json") {
		d.must(json.Unmarshal(r.raw, &r.body))
	}
	d.check(c, body, r)
	return r
}

func (d *desk) encode(body any) []byte {
	switch body := body.(type) {
	case nil:
		return nil
	case string:
		return []byte(body)
	}
	data, err := json.Marshal(body)
	d.must(err)
	return data
}

// check holds a call against the OpenAPI document.
func (d *desk) check(c call, body []byte, r reply) {
	d.t.Helper()
	if r.status >= 400 && r.header.Get("Content-Type") != "application/problem+json" {
		d.t.Errorf("%s %s: %d as %s: %s", c.method, c.path, r.status, r.header.Get("Content-Type"), r.raw)
	}
	if want := "no-store"; r.header.Get("Cache-Control") != want {
		d.t.Errorf("%s %s: Cache-Control %q", c.method, c.path, r.header.Get("Cache-Control"))
	}
	request := httptest.NewRequest(c.method, adminapi.Prefix+c.path, bytes.NewReader(body))
	request.Header.Set("Content-Type", c.contentType)
	request.Header.Set("Authorization", "Bearer "+c.token)
	route, params, err := d.routes.FindRoute(request)
	if err != nil { // no path or method of the document
		if r.status != http.StatusNotFound && r.status != http.StatusMethodNotAllowed {
			d.t.Errorf("%s %s is not in the document, and answered %d", c.method, c.path, r.status)
		}
		return
	}
	operation := route.Operation
	if operation.Responses.Status(r.status) == nil {
		d.t.Errorf("%s: status %d is not in the document: %s", operation.OperationID, r.status, r.raw)
	}
	if d.seen[operation.OperationID] == nil {
		d.seen[operation.OperationID] = map[int]bool{}
	}
	d.seen[operation.OperationID][r.status] = true
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil && !c.refused {
		d.t.Errorf("%s: the request is not in the document's form: %v", operation.OperationID, err)
	}
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: r.status, Header: r.header, Options: input.Options}
	answer.SetBodyBytes(r.raw)
	if err := openapi3filter.ValidateResponse(context.Background(), answer); err != nil {
		d.t.Errorf("%s: the answer is not in the document's form: %v\n%s", operation.OperationID, err, r.raw)
	}
}

// want makes a call and fails unless it is answered with that status and, for
// a problem, that code.
func (d *desk) want(status int, code string, c call) reply {
	d.t.Helper()
	c.refused = c.refused || status >= 400
	r := d.do(c)
	if r.status != status || r.text("code") != code && status >= 400 {
		d.t.Fatalf("%s %s: got %d %s, want %d %q", c.method, c.path, r.status, r.raw, status, code)
	}
	return r
}
