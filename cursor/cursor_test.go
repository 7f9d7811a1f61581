package cursor_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/gatehouse-auth/gatehouse/cursor"
)

func signer(list string) cursor.Sign {
	return func(key string) ([]byte, error) {
		mac := hmac.New(sha256.New, []byte(list))
		mac.Write([]byte(key))
		return mac.Sum(nil), nil
	}
}

func TestATokenOpensForItsListOnly(t *testing.T) {
	for _, key := range []string{"a", "ünï\ncode", ""} {
		token, err := cursor.Seal(key, signer("one"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := cursor.Open(token, signer("one")); err != nil || got != key {
			t.Errorf("%q became %q, %v", key, got, err)
		}
		if _, err := cursor.Open(token, signer("another")); !errors.Is(err, cursor.ErrForged) {
			t.Errorf("for another list: %v", err)
		}
	}
}

func FuzzOnlySealedTokensOpen(f *testing.F) {
	good, err := cursor.Seal("key", signer("one"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good + "\n")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdefkey")))
	f.Fuzz(func(t *testing.T, token string) {
		key, err := cursor.Open(token, signer("one"))
		if err != nil {
			return
		}
		if again, _ := cursor.Seal(key, signer("one")); token != "" && again != token {
			t.Errorf("%q opened as %q, whose token is %q", token, key, again)
		}
	})
}

func TestWhoCannotSignOpensNothing(t *testing.T) {
	away := errors.New("away")
	broken := func(string) ([]byte, error) { return nil, away }
	token, _ := cursor.Seal("key", signer("one"))
	if _, err := cursor.Open(token, broken); !errors.Is(err, away) {
		t.Errorf("opened: %v", err)
	}
	if _, err := cursor.Seal("key", broken); !errors.Is(err, away) {
		t.Errorf("sealed: %v", err)
	}
}
