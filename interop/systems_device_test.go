package interop

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

// What Content Hub ONE's command line asks for, and calls itself.
const (
	contentHubAudience = "https://api.sitecorecloud.io"
	contentHubDevice   = "Chi8EwfFnEejksk3Sed9hlalGiM9B2v7"
)

// The device flow on the host that all tenants share. The device polls too
// often, is told so, and its person approves only then.
func (s *systems) goDevice(t *testing.T) {
	t.Parallel()
	s.create(t, "tenants/content-hub-one/clients", map[string]any{
		"name": "Command line", "client_id": contentHubDevice, "token_endpoint_auth_method": "none",
		"grant_types": []string{"urn:ietf:params:oauth:grant-type:device_code", "refresh_token"},
		"apis":        []map[string]any{{"identifier": contentHubAudience}},
	}, &struct{}{})
	config := &oauth2.Config{
		ClientID: contentHubDevice, Scopes: []string{"openid", "profile", "email", "offline_access"},
		Endpoint: oauth2.Endpoint{DeviceAuthURL: s.url + "/oauth/device/code", TokenURL: s.url + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	device, err := config.DeviceAuth(s.context(t), oauth2.SetAuthURLParam("audience", contentHubAudience))
	if err != nil {
		t.Fatal(err)
	}
	if device.Interval != 5 || !strings.HasPrefix(device.VerificationURI, s.by["content-hub-one"].Issuer+"/") {
		t.Errorf("interval %d, page %s", device.Interval, device.VerificationURI)
	}
	device.Interval = 1

	person := &person{t: t, client: s.newBrowser(t)}
	polls := &polling{through: s.client.Transport, slowedDown: func() { person.approve(device.VerificationURIComplete) }}
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: polls})
	token, err := config.DeviceAccessToken(ctx, device)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusOK}; !slices.Equal(polls.statuses, want) {
		t.Errorf("the polls were answered with %v, want %v", polls.statuses, want)
	}
	scopes, _ := token.Extra("scope").(string)
	if !token.Valid() || token.RefreshToken == "" || !strings.HasPrefix(scopes, "hc.mgmnt.types:read ") {
		t.Errorf("valid %v, renewable %v, scope %q", token.Valid(), token.RefreshToken != "", scopes)
	}
}

// polling notes how polls were answered, and calls slowedDown after 429.
type polling struct {
	through    http.RoundTripper
	slowedDown func()
	statuses   []int
}

func (p *polling) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := p.through.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	p.statuses = append(p.statuses, response.StatusCode)
	if response.StatusCode == http.StatusTooManyRequests {
		p.slowedDown()
	}
	return response, nil
}

// person fills in the forms of pages; the real browser is in another test.
type person struct {
	t      *testing.T
	client *http.Client
	page   string
}

func (s *systems) newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: s.client.Transport, Jar: jar}
}

func (p *person) approve(link string) {
	p.read(p.client.Get(link))
	p.submit(link, url.Values{"username": {username}, "password": {password}})
	p.submit(link, nil)
	p.submit(link, url.Values{"decision": {"approve"}})
	if !strings.Contains(p.page, "Your device is connected") {
		p.t.Errorf("the page says %s", p.page)
	}
}

var (
	formAction = regexp.MustCompile(`<form[^>]* method="post" action="([^"]*)"`)
	formField  = regexp.MustCompile(`<input[^>]* name="([^"]*)"[^>]* value="([^"]*)"`)
)

// submit sends the page's form with what it has already, and what is typed.
func (p *person) submit(base string, typed url.Values) {
	action := formAction.FindStringSubmatch(p.page)
	if action == nil {
		p.t.Errorf("the page has no form: %s", p.page)
		return
	}
	values := url.Values{}
	for _, field := range formField.FindAllStringSubmatch(p.page, -1) {
		values.Set(field[1], html.UnescapeString(field[2]))
	}
	for name := range typed {
		values.Set(name, typed.Get(name))
	}
	from, err := url.Parse(base)
	if err != nil {
		p.t.Error(err)
		return
	}
	p.read(p.client.PostForm(from.ResolveReference(&url.URL{Path: action[1]}).String(), values))
}

func (p *person) read(response *http.Response, err error) {
	if err != nil {
		p.t.Error(err)
		return
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Error(err)
	}
	p.page = string(content)
}
