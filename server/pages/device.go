package pages

import (
	"net/http"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/server"
)

// shownCode returns a user code as people read it, "" for none.
func shownCode(typed string) string {
	code := grants.NormalUserCode(typed)
	if code == "" {
		return ""
	}
	return code[:len(code)/2] + "-" + code[len(code)/2:]
}

// deviceURL returns the path of the page with a user code filled in.
func deviceURL(userCode string) string {
	if userCode == "" {
		return grants.DevicePath
	}
	return grants.DevicePath + "?" + url.Values{"user_code": {userCode}}.Encode()
}

// toSignIn has the person sign in and come back.
func (v *visit) toSignIn(userCode string) error {
	query := url.Values{"to": {toDevice}}
	if userCode != "" {
		query.Set("user_code", userCode)
	}
	return v.leave("/sign-in?" + query.Encode())
}

// showDevice asks for the code. One that came in the URL is filled in, and the
// person compares it (RFC 8628 section 3.3.1): opening a link decides nothing.
func (p *pages) showDevice(v *visit) error {
	query := v.Request.URL.Query()
	code := shownCode(query.Get("user_code"))
	if v.person == nil {
		return v.toSignIn(code)
	}
	switch query.Get("done") {
	case "approved":
		return p.show(v, http.StatusOK, "done", page{Title: "Your device is connected", Approved: true})
	case "denied":
		return p.show(v, http.StatusOK, "done", page{Title: "The request was denied"})
	}
	return p.show(v, http.StatusOK, "device", page{Title: "Connect a device", UserCode: code})
}

func (p *pages) enterCode(v *visit) error {
	typed := v.field("user_code")
	if v.person == nil {
		return v.toSignIn(shownCode(typed))
	}
	if err := v.sentForm(); err != nil {
		return err
	}
	request, err := p.devices.Enter(v.Request.Context(), v.person, typed, server.Address(v.Context))
	if err != nil {
		return p.refuse(v, err, "device", page{Title: "Connect a device", UserCode: shownCode(typed)})
	}
	return p.show(v, http.StatusOK, "confirm", page{Title: "Connect this device?", UserCode: shownCode(typed), Device: request})
}

func (p *pages) decide(v *visit) error {
	if err := v.sentForm(); err != nil {
		return err
	}
	approve := v.field("decision") == "approve"
	if !approve && v.field("decision") != "deny" {
		return errElsewhere()
	}
	err := p.devices.Decide(v.Request.Context(), v.person, v.field("request"), approve, server.Address(v.Context), server.RequestID(v.Context))
	if err != nil {
		return err
	}
	if approve {
		return v.leave(grants.DevicePath + "?done=approved")
	}
	return v.leave(grants.DevicePath + "?done=denied")
}
