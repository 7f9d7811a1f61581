package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// door is one way by which a token is asked for: a token route with one of its
// grants, the standard ones among them.
type door struct {
	route *dialects.Route
	grant string
}

// doors returns every door of every spec that a secret or a password opens.
func doors() []door { return doorsOf(dialects.Builtin()) }

func doorsOf(set *dialects.Set) []door {
	var all []door
	for _, spec := range append([]*dialects.Spec{set.Standard()}, set.Others()...) {
		for _, route := range spec.Routes {
			if route.Operation != dialects.Token {
				continue
			}
			for _, grant := range []string{oauth.GrantClientCredentials, oauth.GrantPassword, oauth.GrantUserAndClient} {
				served := route.Profile().Grants
				if len(served) == 0 || slices.Contains(served, grant) {
					all = append(all, door{route, grant})
				}
			}
		}
	}
	return all
}

func (d door) name() string { return d.route.Spec().Name + " " + d.route.Key() + " " + d.grant }

// personal reports whether a person's password is part of the proof.
func (d door) personal() bool {
	return d.grant == oauth.GrantPassword || d.grant == oauth.GrantUserAndClient
}

// standsIn reports whether the endpoint names the client itself.
func (d door) standsIn() bool { return slices.Contains(d.route.Client, dialects.ClientStandIn) }

// knock is who asks at a door, and for what.
type knock struct{ host, path, client, secret, username, password, seconds, bearer string }

// wire lays the knock out as the door's clients do.
func (d door) wire(t *testing.T, base string, k knock) *http.Request {
	t.Helper()
	body, query, basic := map[string]string{}, url.Values{}, map[dialects.Source]string{}
	put := func(name, value string) {
		if value == "" {
			return
		}
		for _, p := range d.route.Params {
			if p.Name != name {
				continue
			}
			for wire, known := range p.Values {
				if known == value {
					value = wire
				}
			}
			switch {
			case p.Value != "":
			case p.From[0] == dialects.FromQuery:
				query.Set(p.As[0], value)
			case p.From[0] == dialects.FromBody:
				body[p.As[0]] = value
			default:
				basic[p.From[0]] = value
			}
			return
		}
		body[name] = value
	}
	put("grant_type", d.grant)
	if d.personal() {
		put("username", k.username)
		put("password", k.password)
	}
	put("expires_in", k.seconds)
	put("requested_subject", k.username)
	if d.route.Operation == dialects.SignIn {
		put("username", k.username)
		put("password", k.password)
	}
	header := ""
	if !d.standsIn() {
		put("client_id", k.client)
		if put("client_secret", k.secret); len(basic) > 0 {
			header = basic[dialects.FromBasicUser] + ":" + basic[dialects.FromBasicPassword] + ":" + basic[dialects.FromBasicSecret]
		}
	}
	content, contentType := "", ""
	switch d.route.Body[0] {
	case dialects.EncodingJSON:
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content, contentType = string(text), "application/json"
	case dialects.EncodingForm:
		form := url.Values{}
		for name, value := range body {
			form.Set(name, value)
		}
		content, contentType = form.Encode(), "application/x-www-form-urlencoded"
	}
	request, err := http.NewRequest(d.route.Method, base+k.path+d.route.Path+"?"+query.Encode(), strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if len(query) == 0 {
		request.URL.RawQuery = ""
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if header != "" {
		request.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(header)))
	}
	if k.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+k.bearer)
	}
	request.Host = k.host
	return request
}

// knock asks at the door, and returns the status, the headers and the body.
func (h *house) knock(d door, k knock) (int, http.Header, string) {
	h.t.Helper()
	client := *h.http.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(d.wire(h.t.(*testing.T), h.http.URL, k))
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

const (
	doorSecret   = "the-secret-of-a-client-at-the-door"
	doorPassword = "the-password-of-a-person"
)

// furnish makes a tenant that speaks the dialect, with an API, a client and a
// person who may do whatever it takes.
func (h *house) furnish(slug string, spec *dialects.Spec) {
	h.t.Helper()
	on := "[]"
	if spec.Name != dialects.StandardName {
		on = `["` + spec.Name + `"]`
	}
	h.admin("POST", "tenants", `{"slug":"`+slug+`","name":"`+slug+`","hosts":["`+slug+`.localhost"],"dialects":`+on+`}`)
	h.admin("POST", "tenants/"+slug+"/apis", `{"identifier":"urn:`+slug+`","name":"API","scopes":[{"name":"data"}],"max_access_token_lifetime":120}`)
	may := `["backend_login","business_manager"]`
	access := `"apis":[{"identifier":"urn:` + slug + `","scopes":["data"]}]`
	h.admin("POST", "tenants/"+slug+"/clients", `{"client_id":"of-`+slug+`","client_secret":"`+doorSecret+`","name":"c",
		"grant_types":["client_credentials","password","`+oauth.GrantUserAndClient+`"],"permissions":`+may+`,`+access+`}`)
	if spec.Client != nil {
		h.admin("PATCH", "tenants/"+slug+"/clients/"+spec.Name, `{`+access+`}`)
	}
	h.admin("POST", "tenants/"+slug+"/users", `{"username":"ann-`+slug+`","password":"`+doorPassword+`","permissions":`+may+`}`)
}

// TestDialectsCannotWeaken walks every door, and shows that each is as strong as
// the standard one.
func TestDialectsCannotWeaken(t *testing.T) {
	for _, d := range doors() {
		t.Run(d.name(), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			spec := d.route.Spec()
			h.furnish("acme", spec)
			h.furnish("other", spec)
			h.admin("POST", "tenants", `{"slug":"plain","name":"plain","hosts":["plain.localhost"]}`)
			w := &walker{house: h, door: d, t: t, right: knock{
				host: "acme.localhost", client: "of-acme", secret: doorSecret, username: "ann-acme", password: doorPassword,
			}}
			w.opens()
			w.needsProof()
			w.isItsTenantsOwn()
			w.isClosedWithoutTheDialect()
			w.keepsCeilings()
			w.tellsTheAuditLog()
			w.countsHabits()
			w.isThrottled()
			w.keepsSecrets()
		})
	}
}

// walker tries one door.
type walker struct {
	*house
	door  door
	t     *testing.T
	right knock
}

// with knocks in the right way but for what change does.
func (w *walker) with(change func(*knock)) (int, http.Header, string) {
	w.t.Helper()
	k := w.right
	change(&k)
	return w.house.knock(w.door, k)
}

// token returns the access token in an answer, "" for none.
func tokenIn(body string) string {
	var answer map[string]any
	if json.Unmarshal([]byte(body), &answer) != nil {
		return ""
	}
	for _, name := range []string{"access_token", "token"} {
		if token, ok := answer[name].(string); ok {
			return token
		}
	}
	return ""
}

func (w *walker) opens() {
	w.t.Helper()
	for _, path := range []string{"", "/t/acme"} {
		status, header, body := w.with(func(k *knock) {
			if k.path = path; path != "" {
				k.host = "gatehouse.example"
			}
		})
		if status != http.StatusOK || tokenIn(body) == "" {
			w.t.Fatalf("the right knock: %d %s", status, body)
		}
		if header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" {
			w.t.Errorf("the answer may be kept: %v", header)
		}
	}
}

// refused fails if a token came back.
func (w *walker) refused(what string, change func(*knock)) {
	w.t.Helper()
	if status, _, body := w.with(change); status < 400 || tokenIn(body) != "" {
		w.t.Errorf("%s: %d %s", what, status, body)
	}
}

func (w *walker) needsProof() {
	w.t.Helper()
	if !w.door.standsIn() {
		w.refused("a wrong secret", func(k *knock) { k.secret = "wrong" })
		w.refused("no secret", func(k *knock) { k.secret = "" })
		w.refused("no client", func(k *knock) { k.client = "" })
		w.refused("another client", func(k *knock) { k.client = "nobody" })
		w.admin("PATCH", "tenants/acme/clients/of-acme", `{"status":"disabled"}`)
		w.refused("a disabled client", func(*knock) {})
		w.admin("PATCH", "tenants/acme/clients/of-acme", `{"status":"active","grant_types":[]}`)
		w.refused("a client that may not use the grant", func(*knock) {})
		w.admin("PATCH", "tenants/acme/clients/of-acme", `{"grant_types":["client_credentials","password","`+oauth.GrantUserAndClient+`"]}`)
	}
	if w.door.personal() {
		w.refused("a wrong password", func(k *knock) { k.password = "wrong" })
		w.refused("no password", func(k *knock) { k.password = "" })
		w.refused("nobody", func(k *knock) { k.username = "nobody" })
	}
	w.admin("PATCH", "tenants/acme", `{"status":"suspended"}`)
	w.refused("a suspended tenant", func(*knock) {})
	w.admin("PATCH", "tenants/acme", `{"status":"active"}`)
}

func (w *walker) isItsTenantsOwn() {
	w.t.Helper()
	if !w.door.standsIn() {
		w.refused("the client of another tenant", func(k *knock) { k.client = "of-other" })
	}
	if w.door.personal() {
		w.refused("a person of another tenant", func(k *knock) { k.username = "ann-other" })
	}
	w.refused("a host and a path that disagree", func(k *knock) { k.path, k.client, k.username = "/t/other", "of-other", "ann-other" })
	_, _, body := w.with(func(*knock) {})
	if claims := w.claims(tokenIn(body)); claims["iss"] != "http://acme.localhost" || claims["aud"] != "urn:acme" {
		w.t.Errorf("the token is of another house: %v", claims)
	}
}

func (w *walker) isClosedWithoutTheDialect() {
	w.t.Helper()
	if w.door.route.Spec().Name == dialects.StandardName {
		return
	}
	for _, change := range []func(*knock){
		func(k *knock) { k.host = "plain.localhost" },
		func(k *knock) { k.host, k.path = "gatehouse.example", "/t/plain" },
	} {
		status, header, body := w.with(change)
		if status != http.StatusNotFound || tokenIn(body) != "" {
			w.t.Errorf("a tenant without the dialect: %d %s", status, body)
		}
		for name := range w.door.route.Spec().Headers {
			if header.Get(name) != "" {
				w.t.Errorf("a tenant without the dialect answers with %s", name)
			}
		}
	}
	w.admin("PATCH", "tenants/acme", `{"dialects":[]}`)
	if status, _, body := w.with(func(*knock) {}); status != http.StatusNotFound {
		w.t.Errorf("the dialect was switched off: %d %s", status, body)
	}
	w.admin("PATCH", "tenants/acme", `{"dialects":["`+w.door.route.Spec().Name+`"]}`)
}

func (w *walker) keepsCeilings() {
	w.t.Helper()
	for _, seconds := range []string{"", "86000"} {
		status, _, body := w.with(func(k *knock) { k.seconds = seconds })
		if status >= 400 {
			continue // refused: that holds, too
		}
		claims := w.claims(tokenIn(body))
		if life := claims["exp"].(float64) - claims["iat"].(float64); life > 120 {
			w.t.Errorf("asking for %q s gave %v s, the API's ceiling is 120", seconds, life)
		}
	}
}

func (w *walker) tellsTheAuditLog() {
	w.t.Helper()
	_, _, body := w.with(func(*knock) {})
	claims := w.claims(tokenIn(body))
	if w.door.grant == oauth.GrantClientCredentials {
		set, err := w.db.KeySet(w.t.Context(), w.tenantID())
		if err != nil {
			w.t.Fatal(err)
		}
		uses, err := w.db.Uses(w.t.Context(), w.tenantID(), set.Keys[0].Kid)
		if err != nil || len(uses) == 0 || uses[0].ClientID != "of-acme" {
			w.t.Errorf("no row says that the key signed for the client: %v, %v", uses, err)
		}
		return
	}
	events, err := w.db.AuditEvents(w.t.Context(), w.tenantID(), admin.Range{Limit: 10, Prefix: "token.issue"}, time.Time{})
	if err != nil || !slices.ContainsFunc(asMaps(events), func(e map[string]any) bool {
		return e["details"].(map[string]any)["jti"] == claims["jti"] && e["target"] == claims["sub"]
	}) {
		w.t.Errorf("no event tells of the token %v: %v, %v", claims["jti"], events, err)
	}
}

func asMaps[T any](list []T) []map[string]any {
	maps := make([]map[string]any, len(list))
	for i, one := range list {
		text, err := json.Marshal(one)
		if err != nil {
			panic(err)
		}
		if err := json.Unmarshal(text, &maps[i]); err != nil {
			panic(err)
		}
	}
	return maps
}

func (w *walker) tenantID() string {
	w.t.Helper()
	tenant, err := w.db.Tenant(w.t.Context(), "acme")
	if err != nil {
		w.t.Fatal(err)
	}
	return tenant.ID
}

func (w *walker) countsHabits() {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	for _, habit := range []dialects.Habit{dialects.GetThatActs, dialects.SecretInQuery, dialects.RenewalByAccessToken} {
		line := `gatehouse_unsafe_habits_total{dialect="` + w.door.route.Spec().Name + `",habit="` + string(habit) + `"}`
		if counted, allowed := strings.Contains(recorder.Body.String(), line), slices.Contains(w.door.route.Unsafe, habit); counted != allowed {
			w.t.Errorf("%s: counted %v, allowed %v", habit, counted, allowed)
		}
	}
}

// isThrottled guesses until the door says to wait; what was right before is then
// refused, too, from here.
func (w *walker) isThrottled() {
	w.t.Helper()
	wrong := func(k *knock) { k.secret = "wrong" }
	if w.door.personal() {
		wrong = func(k *knock) { k.password = "wrong" }
	}
	for range 40 {
		status, header, body := w.with(wrong)
		if tokenIn(body) != "" {
			w.t.Fatalf("a guess was right: %s", body)
		}
		if status == http.StatusTooManyRequests {
			if header.Get("Retry-After") == "" {
				w.t.Error("429 without Retry-After")
			}
			return
		}
	}
	w.t.Error("40 guesses were judged")
}

// keepsSecrets looks for what was sent in what was logged and counted.
func (w *walker) keepsSecrets() {
	w.t.Helper()
	var told bytes.Buffer
	for _, entry := range w.logs.All() {
		text, err := json.Marshal(entry.ContextMap())
		if err != nil {
			w.t.Fatal(err)
		}
		told.Write(text)
	}
	recorder := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	told.Write(recorder.Body.Bytes())
	for _, secret := range []string{doorSecret, doorPassword, "ann-acme"} {
		if strings.Contains(told.String(), secret) {
			w.t.Errorf("%q was told to the log or the metrics", secret)
		}
	}
}

// standardToken gets a token of the tenant's client from the standard endpoint.
func (h *house) standardToken(slug, grant string) string {
	h.t.Helper()
	d := door{route: dialects.Builtin().Standard().Routes[0], grant: grant}
	_, _, body := h.knock(d, knock{host: slug + ".localhost", client: "of-" + slug, secret: doorSecret, username: "ann-" + slug, password: doorPassword})
	if token := tokenIn(body); token != "" {
		return token
	}
	h.t.Fatalf("%s by %s: %s", slug, grant, body)
	return ""
}

// The operations beside token want as much proof as the standard ones.
func TestDialectsOtherOperationsNeedProof(t *testing.T) {
	walked := map[*dialects.Route]bool{}
	set := dialects.Builtin()
	for _, d := range doorsOf(set) {
		walked[d.route] = true
	}
	for _, spec := range set.Others() {
		for _, route := range spec.Routes {
			switch route.Operation {
			case dialects.Metadata, dialects.JWKS, dialects.KeySchedule: // public
				continue
			}
			if walked[route] {
				continue
			}
			t.Run(spec.Name+" "+route.Key(), func(t *testing.T) {
				t.Parallel()
				h := newHouse(t)
				h.furnish("acme", spec)
				h.admin("POST", "tenants", `{"slug":"plain","name":"plain","hosts":["plain.localhost"]}`)
				h.furnish("other", spec)
				d := door{route: route}
				for _, k := range []knock{
					{host: "acme.localhost"},
					{host: "acme.localhost", bearer: "x.y.z"},
					{host: "acme.localhost", bearer: h.standardToken("acme", oauth.GrantClientCredentials)},
					{host: "acme.localhost", bearer: h.standardToken("acme", oauth.GrantPassword)}, // of another client
					{host: "acme.localhost", bearer: h.standardToken("other", oauth.GrantPassword)},
					{host: "acme.localhost", client: "of-acme", secret: "wrong"},
					{host: "acme.localhost", client: "of-acme", secret: "wrong", username: "ann-acme", password: "wrong"},
				} {
					if status, _, body := h.knock(d, k); status < 400 {
						t.Errorf("without proof: %d %s", status, body)
					}
				}
				h.standsBehind(t, d)
				if status, _, body := h.knock(d, knock{host: "plain.localhost", client: "of-acme", secret: doorSecret}); status != http.StatusNotFound {
					t.Errorf("a tenant without the dialect: %d %s", status, body)
				}
			})
		}
	}
}

// standsBehind shows that a route which names no client is as its client is, and
// that guesses are throttled where it signs people in.
func (h *house) standsBehind(t *testing.T, d door) {
	t.Helper()
	if d.route.Spec().Client == nil {
		return
	}
	right := knock{host: "acme.localhost", username: "ann-acme", password: doorPassword}
	if d.route.Operation != dialects.SignIn {
		right.username, right.bearer = "bob", h.dialectToken(d.route.Spec())
	}
	if d.route.ReadsSession() {
		return // the transcripts have cookies
	}
	status, _, body := h.knock(d, right)
	if status >= 400 && d.route.Operation != dialects.APIKeyCreate { // which wants a name
		t.Fatalf("the right knock: %d %s", status, body)
	}
	h.admin("PATCH", "tenants/acme/clients/"+d.route.Spec().Name, `{"status":"disabled"}`)
	if status, _, body := h.knock(d, right); status < 400 {
		t.Errorf("the client behind it is disabled: %d %s", status, body)
	}
	h.admin("PATCH", "tenants/acme/clients/"+d.route.Spec().Name, `{"status":"active"}`)
	if d.route.Operation != dialects.SignIn {
		return
	}
	wrong := right
	wrong.password = "wrong"
	for range 40 {
		if status, header, _ := h.knock(d, wrong); status == http.StatusTooManyRequests && header.Get("Retry-After") != "" {
			return
		}
	}
	t.Error("40 guesses were judged")
}

// dialectToken gets a token of a person from the first endpoint of the dialect
// that gives one for a password, and lets that person become bob.
func (h *house) dialectToken(spec *dialects.Spec) string {
	h.t.Helper()
	h.admin("POST", "tenants/acme/users", `{"id":"bob","username":"bob"}`)
	h.admin("POST", "tenants/acme/users", `{"id":"ann","username":"ann-of-rules","password":"`+doorPassword+`","permissions":["backend_login"]}`)
	h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"user":"ann"},"target":{"user":"bob"}}`)
	for _, d := range doors() {
		if d.route.Spec().Name != spec.Name || d.grant != oauth.GrantPassword {
			continue
		}
		if _, _, body := h.knock(d, knock{host: "acme.localhost", username: "ann-of-rules", password: doorPassword}); tokenIn(body) != "" {
			return tokenIn(body)
		}
	}
	h.t.Fatalf("no door of %s gives a token to people", spec.Name)
	return ""
}
