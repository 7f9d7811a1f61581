package interop

import (
	"errors"
	"net/http"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// golang.org/x/oauth2 as client.
func TestGoClientGetsAToken(t *testing.T) {
	t.Parallel()
	tenant := newAcme(t)
	styles := map[string]oauth2.AuthStyle{
		"auto-detected": oauth2.AuthStyleAutoDetect,
		"in params":     oauth2.AuthStyleInParams,
		"in header":     oauth2.AuthStyleInHeader,
	}
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			token, err := tenant.config(style).Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if lives := token.Extra("expires_in"); token.Type() != "Bearer" || !token.Valid() || lives != 900.0 {
				t.Errorf("got type %q, valid %v, expires in %v s; want Bearer, true, 900", token.Type(), token.Valid(), lives)
			}
		})
		t.Run(name+", wrong secret", func(t *testing.T) {
			config := tenant.config(style)
			config.ClientSecret += "x"
			wantRefusal(t, config, http.StatusUnauthorized, "invalid_client")
		})
	}
	t.Run("scope that the client may not have", func(t *testing.T) {
		config := tenant.config(oauth2.AuthStyleInHeader)
		config.Scopes = []string{ungrantedScope}
		wantRefusal(t, config, http.StatusBadRequest, "invalid_scope")
	})
}

// wantRefusal checks what the library understood of the server's answer.
func wantRefusal(t *testing.T, config *clientcredentials.Config, status int, code string) {
	t.Helper()
	_, err := config.Token(t.Context())
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if refused.Response.StatusCode != status || refused.ErrorCode != code {
		t.Errorf("got %d %s, want %d %s", refused.Response.StatusCode, refused.ErrorCode, status, code)
	}
}
