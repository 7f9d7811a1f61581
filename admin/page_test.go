package admin_test

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestPagesWalkThroughAList(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	for i := range 7 {
		h.client("acme", fmt.Sprint("c", i))
	}
	var seen []string
	q := admin.Query{Size: 3}
	for range 4 {
		page, err := h.Clients(t.Context(), operator(), "acme", q)
		wantNone(t, err)
		for _, c := range page.Items {
			seen = append(seen, c.ID)
		}
		if q.PageToken = page.NextPageToken; q.PageToken == "" {
			break
		}
	}
	wantList(t, seen, "c0", "c1", "c2", "c3", "c4", "c5", "c6")
	page, err := h.Clients(t.Context(), operator(), "acme", admin.Query{Size: 7})
	wantNone(t, err)
	if page.NextPageToken != "" {
		t.Error("the last page, though full, has a next one")
	}
	for _, size := range []int{-1, 201} {
		_, err := h.Clients(t.Context(), operator(), "acme", admin.Query{Size: size})
		wantError(t, err, admin.CodeInvalid, "page_size", "200")
	}
}

func TestClassPPrefixesAreLiteral(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	for _, id := range []string{"a_b", "axb", "Abc"} {
		h.client("acme", id)
	}
	for prefix, want := range map[string]int{"a_": 1, "A": 3, "aB": 1, "%": 0, "_": 0, `\`: 0, "'": 0, "a client": 3} {
		page, err := h.Clients(t.Context(), operator(), "acme", admin.Query{Prefix: prefix})
		wantNone(t, err)
		if len(page.Items) != want {
			t.Errorf("%q finds %d, want %d", prefix, len(page.Items), want)
		}
	}
	_, err := h.Clients(t.Context(), operator(), "acme", admin.Query{Prefix: "\x00"})
	wantError(t, err, admin.CodeInvalid, "q")
}

func TestClassPForgedPageTokensAreRefused(t *testing.T) {
	h := newHouse(t)
	for _, slug := range []string{"acme", "other"} {
		h.tenant(slug)
		for i := range 3 {
			h.client(slug, fmt.Sprint("c", i))
			h.api(slug, fmt.Sprint(slug, i))
		}
	}
	read := func(slug, prefix, token string) error {
		_, err := h.Clients(t.Context(), operator(), slug, admin.Query{Size: 1, Prefix: prefix, PageToken: token})
		return err
	}
	page, err := h.Clients(t.Context(), operator(), "acme", admin.Query{Size: 1})
	wantNone(t, err)
	token := page.NextPageToken
	wantNone(t, read("acme", "", token))
	wantError(t, read("other", "", token), admin.CodeInvalid, "page_token")
	wantError(t, read("acme", "c", token), admin.CodeInvalid, "page_token")
	_, err = h.APIs(t.Context(), operator(), "acme", admin.Query{Size: 1, PageToken: token})
	wantError(t, err, admin.CodeInvalid, "page_token")
	_, err = h.Tenants(t.Context(), operator(), admin.Query{Size: 1, PageToken: token})
	wantError(t, err, admin.CodeInvalid, "page_token")
	data, err := base64.RawURLEncoding.DecodeString(token)
	wantNone(t, err)
	for i := range len(data) * 8 {
		forged := append([]byte{}, data...)
		forged[i/8] ^= 1 << (i % 8)
		wantError(t, read("acme", "", base64.RawURLEncoding.EncodeToString(forged)), admin.CodeInvalid, "page_token")
	}
	for i := range len(token) { // also the bits of the text that decoding drops
		for _, c := range []byte("AQgw_-\n=") {
			if c != token[i] {
				wantError(t, read("acme", "", token[:i]+string(c)+token[i+1:]), admin.CodeInvalid, "page_token")
			}
		}
		wantError(t, read("acme", "", token[:i]+"\n"+token[i:]), admin.CodeInvalid, "page_token")
		if i > 0 {
			wantError(t, read("acme", "", token[:i]), admin.CodeInvalid, "page_token")
		}
	}
}

func TestAuditEventsArePagedByTheirBeginning(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	first := h.now
	h.client("acme", "early")
	h.now = h.now.Add(time.Hour)
	h.client("acme", "late1")
	h.client("acme", "late2")
	page, err := h.AuditEvents(t.Context(), operator(), "acme", h.now, admin.Query{Size: 1})
	wantNone(t, err)
	if page.Items[0].Target != "late2" {
		t.Errorf("the newest is %+v", page.Items[0])
	}
	_, err = h.AuditEvents(t.Context(), operator(), "acme", first, admin.Query{Size: 1, PageToken: page.NextPageToken})
	wantError(t, err, admin.CodeInvalid, "page_token")
	page, err = h.AuditEvents(t.Context(), operator(), "acme", h.now, admin.Query{Size: 1, PageToken: page.NextPageToken})
	wantNone(t, err)
	if len(page.Items) != 1 || page.Items[0].Target != "late1" || page.NextPageToken != "" {
		t.Errorf("the second page: %+v", page)
	}
}

// walk reads a list item by item, and returns the texts that show its items.
func walk[T any](t *testing.T, read func(admin.Query) (admin.Page[T], error), show func(T) string) (seen []string) {
	t.Helper()
	for q := (admin.Query{Size: 1}); ; {
		page, err := read(q)
		wantNone(t, err)
		if len(page.Items) > 1 || len(seen) > 20 {
			t.Fatalf("a page of 1 after %v: %v", seen, page.Items)
		}
		for _, item := range page.Items {
			seen = append(seen, show(item))
		}
		if q.PageToken = page.NextPageToken; q.PageToken == "" {
			return seen
		}
	}
}

func TestCredentialsAndSigningKeysArePaged(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	first := h.client("acme", "c")
	ctx, at := t.Context(), func(days int) *time.Time { end := h.now.AddDate(0, 0, days); return &end }
	var secrets, keys []string
	old, err := h.Secrets(ctx, operator(), "acme", first.ID, admin.Query{})
	wantNone(t, err)
	secrets = append(secrets, old.Items[0].ID)
	for _, days := range []int{30, 10} {
		h.now = h.now.Add(time.Second)
		made, err := h.AddSecret(ctx, operator(), "acme", "c", admin.NewSecret{ExpiresAt: at(days)})
		wantNone(t, err)
		secrets = append(secrets, made.Secret.ID)
	}
	for _, x := range []string{"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "PLjfJAbJlvJW9wcfoDgsvZ1_R9hpmmfzoYUQIsmF_W8"} {
		h.now = h.now.Add(time.Second)
		made, err := h.AddClientKey(ctx, operator(), "acme", "c", admin.NewClientKey{JWK: map[string]any{"kty": "OKP", "crv": "Ed25519", "x": x}, ExpiresAt: at(20)})
		wantNone(t, err)
		keys = append(keys, made.ID)
	}
	wantList(t, walk(t, func(q admin.Query) (admin.Page[tenants.Secret], error) {
		return h.Secrets(ctx, operator(), "acme", "c", q)
	},
		func(s tenants.Secret) string { return s.ID }), secrets...)
	wantList(t, walk(t, func(q admin.Query) (admin.Page[tenants.ClientKey], error) {
		return h.ClientKeys(ctx, operator(), "acme", "c", q)
	},
		func(k tenants.ClientKey) string { return k.ID }), keys...)
	// The one that ends first at the front, what never ends last.
	wantList(t, walk(t, func(q admin.Query) (admin.Page[admin.ClientCredential], error) {
		return h.ClientCredentials(ctx, operator(), "acme", "c", q)
	}, func(c admin.ClientCredential) string { return c.ID }), secrets[2], keys[0], keys[1], secrets[1], secrets[0])
	// A token is good for the list of the same client only.
	h.client("acme", "d")
	page, err := h.Secrets(ctx, operator(), "acme", "c", admin.Query{Size: 1})
	wantNone(t, err)
	_, err = h.Secrets(ctx, operator(), "acme", "d", admin.Query{PageToken: page.NextPageToken})
	wantError(t, err, admin.CodeInvalid, "page_token")

	rotated, err := h.RotateKey(ctx, operator(), "acme", admin.RotationOrder{})
	wantNone(t, err)
	var kids []string
	for _, key := range rotated.Items {
		kids = append(kids, key.Kid)
	}
	if len(kids) < 2 {
		t.Fatalf("%d signing keys: the test would show nothing", len(kids))
	}
	wantList(t, walk(t, func(q admin.Query) (admin.Page[admin.SigningKey], error) {
		return h.SigningKeys(ctx, operator(), "acme", q)
	},
		func(k admin.SigningKey) string { return k.Kid }), kids...)
}
