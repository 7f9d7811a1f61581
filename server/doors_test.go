package server_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// door is a route of a spec and, where it gives tokens, one of its grants.
type door struct {
	route *dialects.Route
	grant string
}

// doors returns every token route of every spec, the standard one among them,
// with each of its grants that a secret or a password opens.
func doors() []door {
	var all []door
	for _, d := range routes() {
		if d.route.Operation != dialects.Token {
			continue
		}
		for _, grant := range []string{oauth.GrantClientCredentials, oauth.GrantPassword, oauth.GrantUserAndClient} {
			if served := d.route.Profile().Grants; len(served) == 0 || slices.Contains(served, grant) {
				all = append(all, door{d.route, grant})
			}
		}
	}
	return all
}

// routes returns every route of every spec.
func routes() []door {
	set := builtin()
	var all []door
	for _, spec := range append([]*dialects.Spec{set.Standard()}, set.Others()...) {
		for _, route := range spec.Routes {
			all = append(all, door{route: route})
		}
	}
	return all
}

func (d door) name() string { return d.dialect() + " " + d.route.Key() + " " + d.grant }

func (d door) dialect() string { return d.route.Spec().Name }

func (d door) isStandard() bool { return d.dialect() == dialects.StandardName }

// personal reports whether a person's password is part of the proof.
func (d door) personal() bool {
	return d.grant == oauth.GrantPassword || d.grant == oauth.GrantUserAndClient || d.route.Operation == dialects.SignIn
}

// standsIn reports whether the endpoint names the client itself.
func (d door) standsIn() bool { return slices.Contains(d.route.Client, dialects.ClientStandIn) }

// knock is who asks at a door, and for what.
type knock struct{ host, path, client, secret, username, password, seconds, bearer string }

// right is how the tenant's own client and person knock.
func right(slug string) knock {
	return knock{host: slug + ".localhost", client: "of-" + slug, secret: doorSecret, username: "ann-" + slug, password: doorPassword}
}

const (
	doorSecret   = "the-secret-of-a-client-at-the-door"
	doorPassword = "the-password-of-a-person"
)

// letter is a knock as it goes out.
type letter struct {
	body  map[string]string
	query url.Values
	basic map[dialects.Source]string
}

// put lays a parameter where the door's clients have it.
func (l *letter) put(d door, name, value string) {
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
			l.query.Set(p.As[0], value)
		case p.From[0] == dialects.FromBody:
			l.body[p.As[0]] = value
		default:
			l.basic[p.From[0]] = value
		}
		return
	}
	l.body[name] = value
}

func (l *letter) authorization(k knock) string {
	if k.bearer != "" {
		return "Bearer " + k.bearer
	}
	if len(l.basic) == 0 {
		return ""
	}
	three := l.basic[dialects.FromBasicUser] + ":" + l.basic[dialects.FromBasicPassword] + ":" + l.basic[dialects.FromBasicSecret]
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(three))
}

func (l *letter) content(t testing.TB, as dialects.Encoding) (content, contentType string) {
	t.Helper()
	switch as {
	case dialects.EncodingJSON:
		text, err := json.Marshal(l.body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), "application/json"
	case dialects.EncodingForm:
		form := url.Values{}
		for name, value := range l.body {
			form.Set(name, value)
		}
		return form.Encode(), "application/x-www-form-urlencoded"
	}
	return "", ""
}

// wire lays the knock out as the door's clients do.
func (d door) wire(t testing.TB, base string, k knock) *http.Request {
	t.Helper()
	l := &letter{body: map[string]string{}, query: url.Values{}, basic: map[dialects.Source]string{}}
	l.put(d, "grant_type", d.grant)
	l.put(d, "expires_in", k.seconds)
	if d.grant == "" {
		l.put(d, "requested_subject", k.username)
	}
	if d.personal() || d.grant == "" {
		l.put(d, "username", k.username)
		l.put(d, "password", k.password)
	}
	if !d.standsIn() {
		l.put(d, "client_id", k.client)
		l.put(d, "client_secret", k.secret)
	}
	content, contentType := l.content(t, d.route.Body[0])
	request, err := http.NewRequest(d.route.Method, base+k.path+d.route.Path, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	request.Host, request.URL.RawQuery = k.host, l.query.Encode()
	for name, value := range map[string]string{"Content-Type": contentType, "Authorization": l.authorization(k)} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	return request
}

// reply is what came back from a door.
type reply struct {
	status int
	header http.Header
	body   string
}

// token returns the access token in a reply, "" for none.
func (r reply) token() string {
	var answer map[string]any
	if json.Unmarshal([]byte(r.body), &answer) != nil {
		return ""
	}
	for _, name := range []string{"access_token", "token"} {
		if token, ok := answer[name].(string); ok {
			return token
		}
	}
	return ""
}

// knock asks at the door.
func (h *house) knock(d door, k knock) reply {
	h.t.Helper()
	client := *h.http.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(d.wire(h.t, h.http.URL, k))
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(text)}
}

// each runs a test for a door in the house.
func (h *house) each(t *testing.T, d door, test func(t *testing.T)) {
	t.Helper()
	outer := h.t
	defer func() { h.t = outer }()
	t.Run(strings.TrimSpace(d.name()), func(t *testing.T) {
		h.t = t
		test(t)
	})
}

// allDialects returns the JSON list of the dialects that tenants may switch on.
func allDialects() string {
	var names []string
	for _, spec := range builtin().Others() {
		names = append(names, spec.Name)
	}
	text, err := json.Marshal(names)
	if err != nil {
		panic(err) // strings are always JSON
	}
	return string(text)
}

// street opens a house with tenants that speak every dialect, and one that speaks
// none, each with an API, a client and a person who may do whatever it takes.
func street(t *testing.T) *house {
	h := newHouse(t)
	for slug, on := range map[string]string{"acme": allDialects(), "other": allDialects(), "plain": "[]"} {
		access := `"apis":[{"identifier":"urn:` + slug + `","scopes":["data"]}]`
		at := "tenants/" + slug
		h.admin("POST", "tenants", `{"slug":"`+slug+`","name":"`+slug+`","hosts":["`+slug+`.localhost"],"dialects":`+on+`}`)
		h.admin("POST", at+"/apis", `{"identifier":"urn:`+slug+`","name":"API","scopes":[{"name":"data"}],"max_access_token_lifetime":120}`)
		h.comer(slug, "of-"+slug)
		h.admin("POST", at+"/users", `{"id":"ann","username":"ann-`+slug+`","password":"`+doorPassword+`","permissions":["backend_login","business_manager"]}`)
		for _, spec := range builtin().Others() {
			if spec.Client != nil && on != "[]" {
				h.admin("PATCH", at+"/clients/"+spec.Name, `{`+access+`}`)
			}
		}
	}
	return h
}

// comer makes a client of the tenant's that may come by every door.
func (h *house) comer(slug, id string) {
	h.t.Helper()
	h.admin("POST", "tenants/"+slug+"/clients", `{"client_id":"`+id+`","client_secret":"`+doorSecret+`","name":"c",`+doorGrants+`,
		"permissions":["backend_login","business_manager"],"apis":[{"identifier":"urn:`+slug+`","scopes":["data"]}]}`)
}

const doorGrants = `"grant_types":["client_credentials","password","` + oauth.GrantUserAndClient + `"]`
