// Package keystest hands tests signing keys without the time that generating
// RSA keys takes: they come from a small fixed pool. It is never part of a
// program.
package keystest

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/gatehouse-auth/gatehouse/keys"
)

//go:embed rsa.pem
var rsaPEM []byte

var pool = sync.OnceValue(func() map[int][]*rsa.PrivateKey {
	bySize := map[int][]*rsa.PrivateKey{}
	for block, rest := pem.Decode(rsaPEM); block != nil; block, rest = pem.Decode(rest) {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			panic(err) // rsa.pem is damaged
		}
		private := parsed.(*rsa.PrivateKey)
		bySize[private.N.BitLen()] = append(bySize[private.N.BitLen()], private)
	}
	return bySize
})

// RSA returns the n-th RSA key of that size. There are eight of 2048 bits, one
// of 3072 and one of 4096; n counts on from the first after the last.
func RSA(bits, n int) *rsa.PrivateKey {
	list := pool()[bits]
	return list[n%len(list)]
}

// Generate stands in for keys.Generate: it returns quickly, with an RSA key of
// the pool under a new kid, or a new key where that is cheap.
func Generate(s *keys.Sealer, tenantID, alg string, bits int) (keys.Key, error) {
	var private crypto.Signer
	switch {
	case alg == keys.ES256 || alg == keys.EdDSA:
		return keys.Generate(s, tenantID, alg, 0)
	case bits == 0 || bits == 2048:
		private = RSA(2048, rand.IntN(8))
	case bits == 3072 || bits == 4096:
		private = RSA(bits, 0)
	default:
		return keys.Key{}, fmt.Errorf("keystest has no RSA key of %d bits", bits)
	}
	return keys.New(s, tenantID, alg, private)
}

// NewKey returns a maker of keys of the tenant, as the functions that plan
// take it.
func NewKey(s *keys.Sealer, tenantID string, bits int) keys.NewKey {
	return func(alg string) (keys.Key, error) { return Generate(s, tenantID, alg, bits) }
}

// Sealer returns a Sealer with a fixed master key, always the same.
func Sealer() *keys.Sealer {
	s, err := keys.NewSealer([]byte("a master key for tests, 32 bytes"))
	if err != nil {
		panic(err) // the text above has another length
	}
	return s
}
