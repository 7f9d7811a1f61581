// Package secrets makes the random texts that programs hold: a prefix that says
// what they are, 256 random bits, and a checksum by which look-alikes are told
// from them. It keeps nothing and hashes nothing.
package secrets

import (
	"crypto/rand"
	"hash/crc32"
	"math/big"
	"strings"
)

// Length is how many base62 digits follow the prefix.
const Length = body + checksum

const (
	body     = 43 // base62 digits, for 256 bits
	checksum = 6  // base62 digits, for 32 bits
	base62   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// New returns a text of 256 random bits: the prefix, 43 base62 digits, and 6
// that are the CRC-32 (IEEE) of all before them. It needs no escaping anywhere
// that its prefix does not need, and a double click selects it.
func New(prefix string) string {
	random := make([]byte, 32)
	rand.Read(random) // never fails (crypto/rand)
	text := prefix + digits(new(big.Int).SetBytes(random), body)
	return text + sum(text)
}

// Valid reports whether text is one that New makes of the prefix, by its form
// and checksum alone.
func Valid(prefix, text string) bool {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(rest) != Length || strings.Trim(rest, base62) != "" {
		return false
	}
	end := len(text) - checksum
	return sum(text[:end]) == text[end:]
}

func sum(text string) string {
	return digits(big.NewInt(int64(crc32.ChecksumIEEE([]byte(text)))), checksum)
}

// digits writes n with that many base62 digits.
func digits(n *big.Int, count int) string {
	text := make([]byte, count)
	base, digit := big.NewInt(int64(len(base62))), new(big.Int)
	for i := count - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		text[i] = base62[digit.Int64()]
	}
	return string(text)
}
