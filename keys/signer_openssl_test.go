// The race detector keeps memory of its own, which would be counted too.

//go:build openssl && !race

package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// resident returns the pages of memory that the process has.
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal("needs Linux: ", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// collect frees what is not reachable, and waits until a cleanup has run.
func collect() {
	cleaned := make(chan struct{})
	runtime.AddCleanup(new([64]byte), func(c chan struct{}) { close(c) }, cleaned)
	runtime.GC()
	<-cleaned
}

// A key in libcrypto is freed when nothing points to it, and a signature
// leaves nothing behind. Without that, the memory would grow by some 2 KiB a
// key and 900 bytes a signature, 30 and 18 MB here with ES256.
func TestLibcryptoMemoryIsFreed(t *testing.T) {
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	for _, c := range []struct {
		alg              string
		opts             crypto.SignerOpts
		keys, signatures int
		limit            int
	}{{ES256, crypto.SHA256, 15_000, 20_000, 10 << 20}, {RS256, crypto.SHA256, 1_000, 4_000, 2 << 20}, {PS256, pss, 1_000, 4_000, 2 << 20}} {
		t.Run(c.alg, func(t *testing.T) { freed(t, c.alg, c.opts, c.keys, c.signatures, c.limit) })
	}
}

func freed(t *testing.T, alg string, opts crypto.SignerOpts, keys, signatures, limit int) {
	private, err := generatePrivate(alg, 0)
	if err != nil {
		t.Fatal(err)
	}
	load := func() crypto.Signer {
		signer, err := native(private)
		if err != nil {
			t.Fatal(err)
		}
		return signer
	}
	round := func() {
		for range keys {
			load()
		}
		signer := load()
		for range signatures {
			if _, err := crypto.SignMessage(signer, rand.Reader, []byte("token"), opts); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			collect()
		}
	}
	round()
	before := resident(t)
	round()
	if grown := resident(t) - before; grown > limit {
		t.Errorf("grew by %d KiB", grown>>10)
	}
}

func TestLibcryptoRefusesOtherHashes(t *testing.T) {
	private, err := generatePrivate(ES256, 0)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := native(private)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := crypto.SignMessage(signer, rand.Reader, []byte("token"), crypto.SHA512); err == nil {
		t.Error("SHA-512 is taken for SHA-256")
	}
	if _, err := signer.Sign(rand.Reader, make([]byte, 32), crypto.SHA256); err == nil {
		t.Error("a digest is signed as if it were a message")
	}
}
