package verify_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/verify"
)

// most is what a whole Verify may cost, in raw RSA-2048 verifications.
const most = 1.3

// benchmarkToken is a token of usual size, a warm Verifier, and the raw
// verification of the token's signature.
func benchmarkToken(b *testing.B) (v *verify.Verifier, token string, raw func() error) {
	issuer := rsaIssuer(b)
	token = issuer.token(b, set("groups", []string{"staff", "support"}),
		set("sub", "0198c1f0-7a3e-7cc0-a1b2-0123456789ab"), set("jti", "Zm9vYmFyYmF6cXV4MTIzNDU2"))
	v = newVerifier(b, newClock().Now, issuer)
	if _, err := v.Verify(b.Context(), token); err != nil {
		b.Fatal(err)
	}
	dot := strings.LastIndexByte(token, '.')
	digest := sha256.Sum256([]byte(token[:dot]))
	signature, _ := base64.RawURLEncoding.DecodeString(token[dot+1:])
	public := &pool()[0].PublicKey
	return v, token, func() error { return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) }
}

func BenchmarkRawRSA(b *testing.B) {
	_, _, raw := benchmarkToken(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := raw(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	v, token, _ := benchmarkToken(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyOverRaw fails where a whole Verify costs more than its budget.
// Both run in turns and the median of the turns' ratios counts, so that a busy
// machine burdens both alike.
func BenchmarkVerifyOverRaw(b *testing.B) {
	v, token, raw := benchmarkToken(b)
	const turns, calls = 101, 20
	ratios := make([]float64, turns)
	for b.Loop() {
		for turn := range ratios {
			began := time.Now()
			for range calls {
				_ = raw()
			}
			middle := time.Now()
			for range calls {
				_, _ = v.Verify(b.Context(), token)
			}
			ratios[turn] = float64(time.Since(middle)) / float64(middle.Sub(began))
		}
	}
	slices.Sort(ratios)
	median := ratios[turns/2]
	b.ReportMetric(median, fmt.Sprintf("x/raw(goal<=%.1f)", most))
	if median > most {
		b.Errorf("Verify costs %.2f raw RSA verifications, more than %.1f", median, most)
	}
}
