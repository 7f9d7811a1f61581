package pages

import (
	"bytes"
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/server"
)

// page is what a template shows.
type page struct {
	Title    string
	Error    string // what was wrong, as a sentence
	Form     signInForm
	UserCode string
	Device   *grants.DeviceRequest
	Approved bool
	Look     look

	Base      string // the path below which the tenant's pages are
	Tenant    string // its name
	Person    string // who is signed in, empty for nobody
	FormToken string
	RequestID string
}

// show answers with a page.
func (p *pages) show(v *visit, status int, name string, content page) error {
	content.Base, content.Tenant, content.Look = v.base, v.tenant.Name, p.looks.of(v.tenant)
	if v.person != nil {
		content.FormToken = v.person.FormToken()
		content.Person = v.person.User.Username
		if v.person.User.Name != "" {
			content.Person = v.person.User.Name + " (" + v.person.User.Username + ")"
		}
	}
	var body bytes.Buffer
	if err := p.looks.templates.ExecuteTemplate(&body, name, content); err != nil {
		return err
	}
	header := v.Writer.Header()
	header.Set("Content-Security-Policy", content.Look.policy)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	// With no-referrer browsers would send "Origin: null" with forms.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), publickey-credentials-get=()")
	v.Data(status, "text/html; charset=utf-8", body.Bytes())
	return nil
}

// fail shows what went wrong, in place of the page.
func (p *pages) fail(v *visit, err error) {
	failure := server.AsFailure(err)
	content := page{Title: "That did not work", Error: sentence(failure)}
	status := statusOf(v, failure)
	if status >= http.StatusInternalServerError {
		content.RequestID = server.RequestID(v.Context)
	}
	if p.show(v, status, "failed", content) != nil {
		v.AbortWithStatus(http.StatusInternalServerError)
	}
}

// statusOf returns the HTTP status of a refused page, and says when to come back.
func statusOf(v *visit, failure *oauth.Error) int {
	if failure.RetryAfter > 0 {
		v.Header("Retry-After", strconv.Itoa(int(math.Ceil(failure.RetryAfter.Seconds()))))
	}
	switch failure.Code {
	case oauth.AccessDenied:
		return http.StatusForbidden
	case oauth.SlowDown:
		return http.StatusTooManyRequests
	case oauth.TooLarge:
		return http.StatusRequestEntityTooLarge
	case oauth.TemporarilyUnavailable:
		return http.StatusServiceUnavailable
	case oauth.ServerError:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// sentence returns what an error tells people.
func sentence(failure *oauth.Error) string {
	text := failure.Description
	if first, size := utf8.DecodeRuneInString(text); size > 0 {
		text = string(unicode.ToUpper(first)) + text[size:] + "."
	}
	if failure.RetryAfter > 0 {
		minutes := int(math.Ceil(failure.RetryAfter.Minutes()))
		text += " Try again in " + strings.TrimSuffix(strconv.Itoa(minutes)+" minutes", plural(minutes)) + "."
	}
	return text
}

// plural returns what one has too much.
func plural(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}
