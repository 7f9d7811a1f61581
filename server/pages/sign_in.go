package pages

import (
	"net/http"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/server"
)

// signInForm is what the sign-in page keeps between requests.
type signInForm struct {
	Username string
	To       string // where to go afterwards: a name of a list, never a URL
	UserCode string
}

// toDevice is the only place to go after signing in, but the page itself.
const toDevice = "device"

// destination reads where to go from the values of a request, and nothing else
// than what is known.
func destination(values url.Values) signInForm {
	if values.Get("to") != toDevice {
		return signInForm{}
	}
	return signInForm{To: toDevice, UserCode: shownCode(values.Get("user_code"))}
}

// path returns where to go, below the tenant's issuer.
func (f signInForm) path() string {
	if f.To == toDevice {
		return deviceURL(f.UserCode)
	}
	return "/sign-in"
}

func (p *pages) showSignIn(v *visit) error {
	form := destination(v.Request.URL.Query())
	if v.person == nil {
		return p.show(v, http.StatusOK, "sign_in", page{Title: "Sign in", Form: form})
	}
	if form.To != "" {
		return v.leave(form.path())
	}
	return p.show(v, http.StatusOK, "signed_in", page{Title: "You are signed in"})
}

func (p *pages) signIn(v *visit) error {
	form := destination(v.Request.PostForm)
	form.Username = v.field("username")
	ctx := v.Request.Context()
	cookie, err := p.sessions.SignIn(ctx, grants.Login{
		Tenant: v.tenant, Username: form.Username, Password: v.field("password"),
		Address: server.Address(v.Context), RequestID: server.RequestID(v.Context),
	}, server.Session(v.Request, v.tenant), server.Agent(v.Request))
	if err != nil {
		return p.refuse(v, err, "sign_in", page{Title: "Sign in", Form: form})
	}
	server.SetSession(v.Context, cookie)
	return v.leave(form.path())
}

func (p *pages) signOut(v *visit) error {
	if v.person == nil {
		return v.leave("/sign-in")
	}
	if err := v.sentForm(); err != nil {
		return err
	}
	if err := p.sessions.SignOut(v.Request.Context(), v.person, server.Address(v.Context), server.RequestID(v.Context)); err != nil {
		return err
	}
	server.SetSession(v.Context, "")
	return v.leave("/sign-in")
}

// refuse shows the form again with what was wrong about it. Unknown users and
// wrong passwords read alike, as they come alike from package grants.
func (p *pages) refuse(v *visit, err error, name string, content page) error {
	refused := server.AsFailure(err)
	switch refused.Code {
	case oauth.InvalidGrant, oauth.InvalidRequest, oauth.SlowDown:
	default:
		return err
	}
	server.Note(v.Context, v.FullPath(), "", err)
	content.Error = sentence(refused)
	return p.show(v, statusOf(v, refused), name, content)
}
