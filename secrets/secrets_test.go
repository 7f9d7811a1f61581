package secrets_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/secrets"
)

func TestTextsAreRandomAndTellTheirKind(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		text := secrets.New("acme.")
		if !secrets.Valid("acme.", text) || secrets.Valid("acm", text) || seen[text] || len(text) != len("acme.")+secrets.Length {
			t.Fatalf("made %s", text)
		}
		seen[text] = true
	}
}

// Class N: cut, extended or changed texts are none.
func TestClassNChangedTextsAreNone(t *testing.T) {
	text := secrets.New("p.")
	for i := range text {
		if secrets.Valid("p.", text[:i]) {
			t.Errorf("cut to %d it is valid", i)
		}
		changed := []byte(text)
		if changed[i]++; secrets.Valid("p.", string(changed)) {
			t.Errorf("with octet %d changed it is valid", i)
		}
	}
	for _, other := range []string{text + "0", "0" + text, strings.ToLower(text), strings.ToUpper(text), text + "\n", strings.Replace(text, ".", "", 1), secrets.New(""), secrets.New("q.")} {
		if secrets.Valid("p.", other) {
			t.Errorf("%q is valid", other)
		}
	}
}
