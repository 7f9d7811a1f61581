package dialects

import (
	"fmt"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// reserved are the paths that are the platform's: with a slash at the end, all
// that begin so.
func reserved() []string {
	return []string{
		"/t/", "/admin/v1/", "/healthz", "/readyz", "/metrics", "/sign-in", "/sign-out", "/device", "/device/decision",
		"/.well-known/oauth-authorization-server/t/", "/.well-known/openid-configuration/t/",
	}
}

// isReserved reports whether the platform answers at the path, in whatever case.
func isReserved(path string) bool {
	path = strings.ToLower(path)
	return slices.ContainsFunc(reserved(), func(own string) bool {
		return path == own || strings.HasSuffix(own, "/") && strings.HasPrefix(path+"/", own)
	})
}

func (r *Route) check(d *document, at string) {
	oneOf(d, at+".method", r.Method, []string{http.MethodGet, http.MethodPost})
	if !regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`).MatchString(r.Path) || path.Clean(r.Path) != r.Path {
		d.fault(at+".path", "must begin with / and hold letters, digits, . _ ~ - and single slashes, without one at its end")
	}
	if isReserved(r.Path) {
		d.fault(at+".path", "%s is the platform's", r.Path)
	}
	values, known := words().operations[r.Operation]
	if !known {
		oneOf(d, at+".operation", r.Operation, append(Operations(), Authorize))
		return
	}
	if r.SharedHost && r.Operation != Token && r.Operation != DeviceAuthorization {
		d.fault(at+".shared_host", "only token and device_authorization can find their tenant by audience")
	}
	r.checkStatus(d, at, len(values) > 0)
	if kind, _, err := mime.ParseMediaType(r.ContentType); err != nil || !strings.Contains(kind, "/") {
		d.fault(at+".content_type", "%q is no media type", r.ContentType)
	}
	for i, encoding := range r.Body {
		oneOf(d, fmt.Sprintf("%s.body[%d]", at, i), encoding, []Encoding{EncodingForm, EncodingJSON, EncodingNone})
	}
	if r.Method == http.MethodGet && !slices.Equal(r.Body, []Encoding{EncodingNone}) {
		d.fault(at+".body", "a GET has none")
	}
	if r.Items != "" && r.Operation != Impersonatees {
		d.fault(at+".items", "the answer of %s is no list", r.Operation)
	}
	if slices.Contains([]Operation{Profile, Impersonatees, APIKeyCreate}, r.Operation) {
		if r.spec.Client == nil && r.spec.Name != StandardName {
			d.fault(at+".operation", "%s needs the spec's client: its tokens are the ones that it takes", r.Operation)
		}
		r.needParams(d, at, "token")
	}
	if r.Renewable && r.Operation != Token {
		d.fault(at+".renewable", "only token gives something to renew")
	}
	if r.Lifetime != r.spec.Lifetime { // which is judged as the spec's own, and told once
		r.spec.checkLifetime(d, at+".lifetime", r.Lifetime)
	}
	if !slices.Equal(r.Grants, r.spec.Grants) {
		checkGrants(d, at+".grants", r.Grants)
	}
	r.spec.checkErrors(d, at+".errors", r.Errors)
	r.checkClient(d, at)
	for i, p := range r.Params {
		r.checkParam(d, fmt.Sprintf("%s.params[%d]", at, i), i, p)
	}
	if len(r.Params) > 0 && !r.Others {
		switch r.Operation {
		case Token:
			r.needParams(d, at, "grant_type")
		case Introspect, Revoke:
			r.needParams(d, at, "token")
		}
	}
	r.checkAnswer(d, at, values)
	r.checkSignIn(d, at)
	r.checkHabits(d, at)
}

// checkStatus holds the status to what the operation can answer with: a body, or
// nothing at all.
func (r *Route) checkStatus(d *document, at string, answers bool) {
	switch {
	case r.Operation == SignIn && (r.Status < 200 || r.Status > 399):
		d.fault(at+".status", "must be 200 to 399, as it answers success")
	case answers && (r.Status < 200 || r.Status > 299 || r.Status == http.StatusNoContent || r.Status == http.StatusResetContent):
		d.fault(at+".status", "must be 200 to 299, as it answers success, and not 204 or 205, which have no body")
	case !answers && r.Operation != SignIn && r.Status != http.StatusOK:
		d.fault(at+".status", "the answer of %s is fixed", r.Operation)
	}
}

// checkSignIn holds the route to what only sign_in answers with.
func (r *Route) checkSignIn(d *document, at string) {
	if r.Operation != SignIn {
		if r.Cookie != "" {
			d.fault(at+".cookie", "only sign_in sets one")
		}
		if r.Location != "" {
			d.fault(at+".location", "only sign_in sends anybody anywhere")
		}
		return
	}
	// A name with a prefix of browsers' or of ours means more than a session.
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`).MatchString(r.Cookie) || strings.HasPrefix(strings.ToLower(r.Cookie), "gatehouse") {
		d.fault(at+".cookie", "must be 1 to 64 of letters, digits, . _ -, begin with a letter or digit, and not with gatehouse")
	}
	redirects := r.Status >= 300
	if redirects != (r.Location != "") {
		d.fault(at+".location", "goes with a status of 300 to 399, and only with one")
	}
	if r.Location != "" && !regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`).MatchString(r.Location) {
		d.fault(at+".location", "must be a path below the tenant's issuer")
	}
	r.needParams(d, at, "username", "password")
}

// needParams notes parameters without which the operation cannot be.
func (r *Route) needParams(d *document, at string, names ...string) {
	for _, name := range names {
		if !slices.ContainsFunc(r.Params, func(p Param) bool { return p.Name == name }) {
			d.fault(at+".params", "%s needs the parameter %s", r.Operation, name)
		}
	}
}

func (r *Route) checkClient(d *document, at string) {
	ways := []Source{ClientBasic, ClientBasicRaw, ClientBody, ClientAssertion, ClientNone, ClientStandIn}
	if r.Client != nil && len(r.Client) == 0 {
		d.fault(at+".client", "is empty: leave it out, or name the ways")
	}
	for i, way := range r.Client {
		oneOf(d, fmt.Sprintf("%s.client[%d]", at, i), way, ways)
		if slices.Contains(r.Client[:i], way) {
			d.fault(fmt.Sprintf("%s.client[%d]", at, i), "%s is there twice", way)
		}
	}
	if !slices.Contains(r.Client, ClientStandIn) {
		return
	}
	if len(r.Client) > 1 {
		d.fault(at+".client", "where the spec's client stands in, no other may be named")
	}
	if r.spec.Client == nil {
		d.fault(at+".client", "stand_in needs the spec's client")
		return
	}
	for _, grant := range r.Grants {
		if !slices.Contains(r.spec.Client.Grants, grant) {
			d.fault(at+".grants", "the spec's client stands in, and client.grants lacks %s", grant)
		}
	}
	if r.Others || len(r.Params) == 0 && r.acts() {
		d.fault(at+".params", "a route whose client is a stand-in must list what it takes")
	}
}

func (r *Route) checkAnswer(d *document, at string, values []string) {
	if len(r.Answer) > 0 && len(values) == 0 {
		d.fault(at+".answer", "the answer of %s is fixed", r.Operation)
		return
	}
	if len(r.Answer) == 0 && len(values) > 0 {
		d.fault(at+".answer", "is missing: name the fields of the answer")
	}
	for i, field := range r.Answer {
		path := fmt.Sprintf("%s.answer[%d]", at, i)
		if field.Name == "" {
			d.fault(path+".name", "is missing")
		}
		if slices.ContainsFunc(r.Answer[:i], func(other Field) bool { return other.Name == field.Name }) {
			d.fault(path+".name", "%s is there twice", field.Name)
		}
		if (field.Text == "") == (field.Value == "") {
			d.fault(path, "needs value or text, one of the two")
			continue
		}
		oneOf(d, path+".as", field.As, []Form{"", FormList, FormRFC3339, FormLower, FormNumber})
		if field.Less < 0 || field.Less > 0 && field.Value != "expires_in" {
			d.fault(path+".less", "is a number of seconds, for expires_in only")
		}
		if (field.As == FormRFC3339) && field.Value != "expires_at" {
			d.fault(path+".as", "only expires_at is an instant")
		}
		if slices.Contains(values, "profile.*") && strings.HasPrefix(field.Value, "profile.") {
			continue
		}
		if field.Value != "" {
			oneOf(d, path+".value", field.Value, values)
		}
	}
}

// acts reports whether the operation gives or changes something.
func (r *Route) acts() bool {
	return slices.Contains([]Operation{Token, DeviceAuthorization, Revoke, SignIn, APIKeyCreate}, r.Operation)
}

// checkHabits holds the route to naming its unsafe habits, all and no others:
// whoever reads the spec shall see them.
func (r *Route) checkHabits(d *document, at string) {
	has := r.habits()
	for i, habit := range r.Unsafe {
		if !slices.Contains(has, habit) {
			oneOf(d, fmt.Sprintf("%s.unsafe[%d]", at, i), habit, has)
		}
	}
	for _, habit := range has {
		if !slices.Contains(r.Unsafe, habit) {
			d.fault(at, "has the habit %s: name it in unsafe, if it must be", habit)
		}
	}
}

// habits returns what is unsafe about the route.
func (r *Route) habits() []Habit {
	var has []Habit
	if slices.ContainsFunc(r.Params, func(p Param) bool {
		return slices.Contains(p.From, FromQuery) && slices.Contains(words().secrets, p.Name)
	}) {
		has = append(has, SecretInQuery)
	}
	if r.Method == http.MethodGet && r.acts() {
		has = append(has, GetThatActs)
	}
	fromBearer, becomes := false, false
	for _, p := range r.Params {
		fromBearer = fromBearer || p.Name == "subject_token" && slices.Contains(p.From, FromBearer)
		becomes = becomes || p.Name == "requested_subject"
	}
	if r.Operation == Token && fromBearer && !becomes {
		has = append(has, RenewalByAccessToken)
	}
	return has
}
