// Package pages serves what people see in a browser: where they sign in and
// where they let a device in. It is thin: who may do what is decided by package
// grants. No page needs a script, and none holds markup of a tenant's.
package pages

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// pages is the pages of all tenants.
type pages struct {
	sessions *grants.Sessions
	devices  *grants.Devices
	looks    looks
}

// Mount returns what adds the pages to a server, below each tenant's issuer.
func Mount(sessions *grants.Sessions, devices *grants.Devices) server.Mount {
	p := &pages{sessions: sessions, devices: devices, looks: newLooks()}
	origin := http.NewCrossOriginProtection()
	return func(r gin.IRouter) {
		handle := func(method, path string, answer func(*visit) error) {
			r.Handle(method, path, func(c *gin.Context) { p.serve(c, origin, answer) })
		}
		handle(http.MethodGet, "/sign-in", p.showSignIn)
		handle(http.MethodPost, "/sign-in", p.signIn)
		handle(http.MethodPost, "/sign-out", p.signOut)
		handle(http.MethodGet, grants.DevicePath, p.showDevice)
		handle(http.MethodPost, grants.DevicePath, p.enterCode)
		handle(http.MethodPost, grants.DevicePath+"/decision", p.decide)
	}
}

// visit is one request for a page.
type visit struct {
	*gin.Context
	tenant *tenants.Tenant
	base   string        // the path below which the tenant's pages are
	person *grants.Visit // nil where nobody is signed in
}

// serve finds out who is there and has the page answer.
func (p *pages) serve(c *gin.Context, origin *http.CrossOriginProtection, answer func(*visit) error) {
	v := &visit{Context: c, tenant: server.Tenant(c)}
	if c.Param("slug") != "" {
		v.base = "/t/" + v.tenant.Slug
	}
	err := p.enter(v, origin)
	if err == nil {
		err = answer(v)
	}
	if gone := server.HungUp(c, err); gone != nil {
		server.Note(c, c.FullPath(), "", gone)
	} else if err != nil {
		server.Note(c, c.FullPath(), "", err)
		p.fail(v, err)
	}
}

func (p *pages) enter(v *visit, origin *http.CrossOriginProtection) error {
	asked := *v.Request
	asked.Host = server.Host(v.Context)
	if origin.Check(&asked) != nil {
		return errElsewhere()
	}
	if err := v.Request.ParseForm(); err != nil {
		return server.Unread(err)
	}
	person, err := p.sessions.Find(v.Request.Context(), v.tenant, server.Session(v.Request, v.tenant))
	if errors.Is(err, tenants.ErrNotFound) {
		return nil
	}
	v.person = person
	return err
}

// field returns a field of the form that was sent.
func (v *visit) field(name string) string { return v.Request.PostForm.Get(name) }

// sentForm answers an error for a form that does not come from a page of the
// session's.
func (v *visit) sentForm() error {
	if v.person == nil || !v.person.SentForm(v.field("form_token")) {
		return errElsewhere()
	}
	return nil
}

func errElsewhere() error {
	return oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "this form did not come from this page, or is out of date")
}

// leave sends the browser to another page of the tenant's, by GET.
func (v *visit) leave(path string) error {
	v.Redirect(http.StatusSeeOther, v.base+path)
	return nil
}
