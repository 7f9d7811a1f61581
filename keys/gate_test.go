package keys

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// oneSet is the store of a tenant whose keys never change.
type oneSet struct{ set Set }

func (s oneSet) KeySet(context.Context, string) (Set, error)     { return s.set, nil }
func (s oneSet) EnsureKey(context.Context, string, string) error { return nil }

// recorder notes the payloads that it is to sign.
type recorder struct{ signed []string }

func (r *recorder) Public() crypto.PublicKey { return nil }

func (r *recorder) Sign(_ io.Reader, input []byte, _ crypto.SignerOpts) ([]byte, error) {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(string(input), ".")[1])
	r.signed = append(r.signed, string(payload))
	return input[:8], err
}

// While all cores sign, others wait in the order in which they came, and not
// longer than their context.
func TestSigningWaitsInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sealer, err := NewSealer(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		key, err := Generate(sealer, "t", EdDSA, 0)
		if err != nil {
			t.Fatal(err)
		}
		source := oneSet{Set{TenantID: "t", Keys: []Key{key}}}
		rings := NewRings(source, source, sealer, Timing{}, time.Now)
		ring, err := rings.ring(t.Context(), "t")
		if err != nil {
			t.Fatal(err)
		}
		var line recorder
		ring.parsed[key.Kid].signing.private = &line
		rings.gate = make(chan struct{}, 1)
		rings.gate <- struct{}{}
		sign := func(ctx context.Context, n int) error {
			_, _, err := rings.Sign(ctx, "t", EdDSA, "at+jwt", n)
			return err
		}

		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := sign(impatient, -1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("signed though all cores do: %v", err)
		}
		var want []string
		for i := range 20 {
			want = append(want, strconv.Itoa(i))
			go func() {
				if err := sign(t.Context(), i); err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		<-rings.gate
		synctest.Wait()
		if !slices.Equal(line.signed, want) {
			t.Errorf("signed in the order %v", line.signed)
		}
	})
}

// What has no signing key in spite of the maker is an error, not a loop.
func TestNoKey(t *testing.T) {
	sealer, err := NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	source := oneSet{Set{TenantID: "t"}}
	rings := NewRings(source, source, sealer, Timing{}, time.Now)
	if _, _, err := rings.Sign(t.Context(), "t", RS256, "at+jwt", 1); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
}
