package interop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2"
)

// screenshots names a folder where the pages' pictures go, for people to look at.
const screenshots = "GATEHOUSE_TEST_SCREENSHOTS"

// golang.org/x/oauth2 as the device and Chromium as the browser of its user, who
// signs in and lets the device in. Without scripts it works as well.
func TestDeviceIsLetInByABrowser(t *testing.T) {
	t.Parallel()
	tenant := newTelly(t)
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %v", scripts), func(t *testing.T) {
			config := deviceConfig(tenant, "openid", "offline_access", scope)
			device, err := config.DeviceAuth(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if device.Interval != 5 || device.VerificationURI != tenant+"/device" {
				t.Errorf("interval %d, page %s", device.Interval, device.VerificationURI)
			}
			b := browse(t, scripts)
			b.signIn(device.VerificationURIComplete)
			b.do(chromedp.WaitVisible(`//h1[text()="Connect a device"]`), b.picture("device"), b.press("Continue"),
				chromedp.WaitVisible(`//h1[text()="Connect this device?"]`), b.picture("confirm"))
			if page := b.text(); !strings.Contains(page, "Living-room <TV>") || !strings.Contains(page, audience) || !strings.Contains(page, device.UserCode) {
				t.Errorf("the page does not say who asks for what: %s", page)
			}
			b.do(b.press("Connect the device"), chromedp.WaitVisible(`//h1[text()="Your device is connected"]`), b.picture("done"))
			token, err := config.DeviceAccessToken(t.Context(), device)
			if err != nil {
				t.Fatal(err)
			}
			if !token.Valid() || token.Extra("scope") != scope {
				t.Errorf("got %v with scope %v", token.Valid(), token.Extra("scope"))
			}
			b.do(b.press("Sign out"), chromedp.WaitVisible("#password"))
		})
	}
	t.Run("denied", func(t *testing.T) {
		config := deviceConfig(tenant)
		device, err := config.DeviceAuth(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := browse(t, false)
		b.signIn(device.VerificationURI)
		b.do(chromedp.SendKeys("#user_code", strings.ToLower(strings.ReplaceAll(device.UserCode, "-", ""))), b.press("Continue"),
			chromedp.WaitVisible(`//h1[text()="Connect this device?"]`), b.press("Deny"),
			chromedp.WaitVisible(`//h1[text()="The request was denied"]`), b.picture("denied"))
		_, err = config.DeviceAccessToken(t.Context(), device)
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) || refused.ErrorCode != "access_denied" {
			t.Errorf("got %v, want access_denied", err)
		}
	})
}

// newTelly makes a tenant with a client for devices and a user, and returns its
// issuer.
func newTelly(t *testing.T) (issuer string) {
	t.Helper()
	server := start(t)
	var tenant struct{ Issuer string }
	server.create(t, "tenants", map[string]any{
		"slug": "telly", "name": "Telly & Sons", "brand_color": "#7a1fa2", "background_color": "#f4eef7",
	}, &tenant)
	server.create(t, "tenants/telly/apis", map[string]any{
		"identifier": audience, "name": "Recordings", "scopes": []map[string]string{{"name": scope, "description": "See what you have recorded"}},
	}, &struct{}{})
	server.create(t, "tenants/telly/users", map[string]any{"username": "ann", "name": "Ann Example", "password": "correct horse"}, &struct{}{})
	server.create(t, "tenants/telly/clients", map[string]any{
		"client_id": "telly", "name": "Living-room <TV>", "token_endpoint_auth_method": "none",
		"grant_types": []string{"urn:ietf:params:oauth:grant-type:device_code"}, "apis": []map[string]any{{"identifier": audience}},
	}, &struct{}{})
	return tenant.Issuer
}

func deviceConfig(issuer string, scopes ...string) *oauth2.Config {
	return &oauth2.Config{ClientID: "telly", Scopes: scopes, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: issuer + "/oauth2/device_authorization", TokenURL: issuer + "/oauth2/token",
	}}
}

// browser is a Chromium of its own.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func browse(t *testing.T, scripts bool) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(need(t, "chromium", "chromium")),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(900, 900), chromedp.Flag("disable-dev-shm-usage", true))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(allocator)
	t.Cleanup(leave)
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as this context
		t.Fatal(err)
	}
	b.do(func(ctx context.Context, page *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, page, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
		return chromedp.Void{}, err
	})
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, 30*time.Second)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// signIn follows a link that needs it, and mistypes the password at first.
func (b *browser) signIn(link string) {
	b.t.Helper()
	b.do(chromedp.Navigate(link), chromedp.WaitVisible("#password"), b.picture("sign-in"),
		chromedp.SendKeys("#username", "ann"), chromedp.SendKeys("#password", "wrong horse"), b.press("Sign in"),
		chromedp.WaitVisible("#error"), b.picture("sign-in-wrong"),
		chromedp.SendKeys("#password", "correct horse"), b.press("Sign in"), chromedp.WaitVisible("#user_code"))
}

func (b *browser) press(label string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(`//button[text()="` + label + `"]`)
}

func (b *browser) text() string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text("//main"))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// picture keeps a picture of the page where somebody wants to see it.
func (b *browser) picture(name string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, page *chromedp.Target) (chromedp.Void, error) {
		folder := os.Getenv(screenshots)
		if folder == "" {
			return chromedp.Void{}, nil
		}
		png, err := chromedp.CaptureScreenshot()(ctx, page)
		if err != nil {
			return chromedp.Void{}, err
		}
		return chromedp.Void{}, os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600)
	}
}
