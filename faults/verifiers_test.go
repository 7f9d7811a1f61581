package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	jose "github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/verify"
)

// hurry is how much faster the clock of our own verifier runs: its least 30 s
// between two requests for keys become the 2 s that shortTimes lets a verifier
// keep them. It never asks sooner, so that a key which signs before it could be
// known shows at once.
const hurry = 15

// verifiers check a token as resource servers of different making do.
type verifiers struct {
	foreign *oidc.IDTokenVerifier // go-oidc, with its own copy of the keys
	ours    *verify.Verifier
}

func newVerifiers(t *testing.T, f *fleet) *verifiers {
	t.Helper()
	client := &http.Client{Transport: f.balanced(again), Timeout: 10 * time.Second}
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(t.Context()), client), issuer)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	ours, err := verify.New(verify.Config{
		Issuers: []string{issuer}, Audiences: []string{audience}, Client: client, KeysMaxAge: 30 * time.Second,
		Now: func() time.Time { return began.Add(hurry * time.Since(began)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &verifiers{foreign: provider.Verifier(&oidc.Config{ClientID: audience}), ours: ours}
}

// check returns what a verifier has against the token.
func (v *verifiers) check(ctx context.Context, token string) error {
	if _, err := v.foreign.Verify(ctx, token); err != nil {
		return fmt.Errorf("go-oidc: %w", err)
	}
	if _, err := v.ours.Verify(ctx, token); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	return nil
}

// foreignCheck is check by the foreign verifier alone.
func (v *verifiers) foreignCheck(ctx context.Context, token string) error {
	_, err := v.foreign.Verify(ctx, token)
	return err
}

// jwksAt fetches the keys of the tenant acme.
func jwksAt(ctx context.Context, b *balancer) (*jose.JSONWebKeySet, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+"/.well-known/jwks.json", nil)
	if err != nil {
		return nil, err
	}
	response, err := b.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	var set jose.JSONWebKeySet
	return &set, json.NewDecoder(response.Body).Decode(&set)
}
