package keys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

func newSealer(t interface{ Fatal(...any) }, masters ...string) *keys.Sealer {
	var list [][]byte
	for _, m := range masters {
		list = append(list, bytes.Repeat([]byte(m), 32))
	}
	s, err := keys.NewSealer(list...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The fifth invariant: what is sealed shows nothing of the secret, and opens
// only with the same master key, purpose, tenant and id, unchanged.
func TestSealed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 16, 2000).Draw(t, "plain")
		names := rapid.SliceOfN(rapid.StringN(0, 5, 20), 3, 3).Draw(t, "purpose, tenant, id")
		s := newSealer(t, "a")
		sealed, by, err := s.Seal(plain, names[0], names[1], names[2])
		if err != nil || by != s.ID() {
			t.Fatal(err, by)
		}
		if bytes.Contains(sealed, plain[:16]) {
			t.Fatal("the secret is readable")
		}
		if again, _, _ := s.Seal(plain, names[0], names[1], names[2]); bytes.Equal(again, sealed) {
			t.Fatal("sealing twice gives the same bytes")
		}
		if opened, err := s.Open(sealed, names[0], names[1], names[2]); err != nil || !bytes.Equal(opened, plain) {
			t.Fatal(err)
		}
		if _, err := newSealer(t, "b").Open(sealed, names[0], names[1], names[2]); !errors.Is(err, keys.ErrWrongMasterKey) {
			t.Fatalf("another master key: %v", err)
		}
		for i := range names {
			other := append([]string(nil), names...)
			other[i] += "x"
			if _, err := s.Open(sealed, other[0], other[1], other[2]); !errors.Is(err, keys.ErrNotGenuine) {
				t.Fatalf("opens for %q too: %v", other, err)
			}
		}
		sealed[rapid.IntRange(0, len(sealed)-1).Draw(t, "place")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := s.Open(sealed, names[0], names[1], names[2]); err == nil {
			t.Fatal("a changed bit is not noticed")
		}
		if _, err := s.Open(sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")], names[0], names[1], names[2]); err == nil {
			t.Fatal("a cut is not noticed")
		}
	})
}

// The parts of the binding cannot flow into each other.
func TestSealedForNoOtherSplit(t *testing.T) {
	s := newSealer(t, "a")
	sealed, _, _ := s.Seal([]byte("secret"), "p", "ab", "c")
	if _, err := s.Open(sealed, "p", "a", "bc"); !errors.Is(err, keys.ErrNotGenuine) {
		t.Fatalf("opens for another split of the same text: %v", err)
	}
}

func TestWrongMasterKeyNamesIDsAndNoKey(t *testing.T) {
	a, b := newSealer(t, "a"), newSealer(t, "b", "c")
	sealed, _, _ := a.Seal([]byte("secret"), "p", "t", "i")
	_, err := b.Open(sealed, "p", "t", "i")
	for _, id := range append(b.IDs(), a.ID()) {
		if !strings.Contains(err.Error(), id) {
			t.Errorf("%q does not name %s", err, id)
		}
	}
	for _, key := range []string{strings.Repeat("a", 8), strings.Repeat("b", 8), hex.EncodeToString([]byte("aaaa"))} {
		if strings.Contains(err.Error(), key) {
			t.Errorf("%q shows a master key", err)
		}
	}
}

// A master key is replaced in three steps: give both, rewrap, withdraw.
func TestMasterKeyRotation(t *testing.T) {
	old, both, after := newSealer(t, "a"), newSealer(t, "b", "a"), newSealer(t, "b")
	key, err := keystest.Generate(old, tenant, keys.ES256, 0)
	if err != nil {
		t.Fatal(err)
	}
	pepper, _ := keys.NewPepper(old, tenant)
	secret := key.Sealed[len(key.Sealed)-40:]
	for range 2 { // also after a crash, once more
		if _, err := key.Rewrap(both); err != nil {
			t.Fatal(err)
		}
		if _, err := pepper.Rewrap(both); err != nil {
			t.Fatal(err)
		}
	}
	if key.SealedBy != after.ID() || pepper.SealedBy != after.ID() || !bytes.HasSuffix(key.Sealed, secret) {
		t.Fatal("rewrapping did more, or less, than to wrap the data key anew")
	}
	if changed, err := key.Rewrap(both); changed || err != nil {
		t.Fatal("rewrapped twice", err)
	}
	if _, err := after.Open(key.Sealed, keys.PurposeSigningKey, tenant, key.Kid); err != nil {
		t.Error(err)
	}
	if _, err := old.Open(key.Sealed, keys.PurposeSigningKey, tenant, key.Kid); !errors.Is(err, keys.ErrWrongMasterKey) {
		t.Errorf("the withdrawn master key still opens: %v", err)
	}
	key.SealedBy = old.ID()
	if _, err := key.Rewrap(newSealer(t, "c")); !errors.Is(err, keys.ErrWrongMasterKey) {
		t.Errorf("rewrapped without the master key: %v", err)
	}
}

func TestParseMasterKeys(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0xef, 0xff, 0x01}, 8)
	forms := []string{
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
	}
	list, err := keys.ParseMasterKeys("\n" + strings.Join(forms, ", \t") + "\r\n")
	if err != nil || len(list) != len(forms) {
		t.Fatal(len(list), err)
	}
	for i, key := range list {
		if !bytes.Equal(key, raw) {
			t.Errorf("%s is read as %x", forms[i], key)
		}
	}
	if s, _ := keys.NewSealer(list...); len(s.IDs()) != 1 {
		t.Errorf("one key, given often, has the ids %v", s.IDs())
	}
	generated, err := keys.ParseMasterKeys(keys.GenerateMasterKey() + " " + keys.GenerateMasterKey())
	if err != nil || bytes.Equal(generated[0], generated[1]) {
		t.Fatal("generated keys are equal or unreadable", err)
	}
}

func TestParseMasterKeysTellsNoSecret(t *testing.T) {
	good := keys.GenerateMasterKey()
	for _, bad := range []string{
		"", " ,\n", "short", good[:42], good + "A", good + "==", good[:42] + "!", "zz" + strings.Repeat("ab", 31),
		strings.Repeat("A", 42) + "B", // bits beyond the 32 bytes
	} {
		_, err := keys.ParseMasterKeys(bad)
		if err == nil {
			t.Errorf("%q is accepted", bad)
			continue
		}
		for i := 0; i+5 <= len(strings.TrimSpace(bad)); i++ {
			if bad != "short" && strings.Contains(err.Error(), bad[i:i+5]) {
				t.Fatalf("%q shows a part of what was given", err)
			}
		}
	}
	if _, err := keys.NewSealer(make([]byte, 16)); err == nil {
		t.Error("a key of 16 bytes is accepted")
	}
	if _, err := keys.NewSealer(); err == nil {
		t.Error("no key is accepted")
	}
}

func FuzzParseMasterKeys(f *testing.F) {
	f.Add(keys.GenerateMasterKey())
	f.Add(strings.Repeat("ab", 32) + ",x")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := keys.ParseMasterKeys(text)
		if err == nil {
			if _, err := keys.NewSealer(list...); err != nil {
				t.Fatal(err)
			}
		}
	})
}
