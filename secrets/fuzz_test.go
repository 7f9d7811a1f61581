package secrets_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/secrets"
)

// What is taken for a secret has its prefix, its length and its alphabet, and is
// none any more once a character of it is another.
func FuzzValid(f *testing.F) {
	good := secrets.New("CLI.")
	f.Add("CLI.", good, uint8(10), "x")
	f.Add("", secrets.New(""), uint8(0), "0")
	f.Add("CLI.", good[:len(good)-1], uint8(3), "A")
	f.Add("CLI", good, uint8(48), "z")
	f.Fuzz(func(t *testing.T, prefix, text string, at uint8, other string) {
		if !secrets.Valid(prefix, text) {
			return
		}
		rest := strings.TrimPrefix(text, prefix)
		if !strings.HasPrefix(text, prefix) || len(rest) != secrets.Length || strings.ContainsAny(rest, " .-_+/=\n") {
			t.Fatalf("%q is taken for a secret of the prefix %q", text, prefix)
		}
		i := len(prefix) + int(at)%len(rest)
		if len(other) == 1 && text[i:i+1] != other && secrets.Valid(prefix, text[:i]+other+text[i+1:]) {
			t.Fatalf("%q is taken for a secret with %q at %d, too", text, other, i)
		}
		if secrets.Valid(prefix, text[:len(text)-1]) || secrets.Valid(prefix, text+"0") {
			t.Fatalf("%q is taken for a secret when cut or extended, too", text)
		}
	})
}
