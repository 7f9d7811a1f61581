package admin

import (
	"crypto/rand"
	"encoding/base64"
	"hash/crc32"
	"math/big"
	"strings"
)

// SecretPattern is the regular expression of the client secrets that we
// generate, for secret scanners; ValidSecret tells them from look-alikes.
const SecretPattern = `gatehouse_cs_[0-9A-Za-z]{49}`

const (
	secretPrefix   = "gatehouse_cs_"
	secretBody     = 43 // base62 digits, for 256 bits
	secretChecksum = 6  // base62 digits, for 32 bits
	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// GenerateSecret returns a client secret of 256 random bits: a prefix that says
// what it is, 43 base62 digits, and 6 that are the CRC-32 (IEEE) of all before
// them. It needs no escaping anywhere, and a double click selects it.
func GenerateSecret() string {
	random := make([]byte, 32)
	rand.Read(random) // never fails (crypto/rand)
	text := secretPrefix + digits(new(big.Int).SetBytes(random), secretBody)
	return text + checksum(text)
}

// ValidSecret reports whether text is a client secret as GenerateSecret makes
// them, by its form and checksum alone.
func ValidSecret(text string) bool {
	body, ok := strings.CutPrefix(text, secretPrefix)
	if !ok || !only(body, "", secretBody+secretChecksum, secretBody+secretChecksum) {
		return false
	}
	end := len(text) - secretChecksum
	return checksum(text[:end]) == text[end:]
}

func checksum(text string) string {
	return digits(big.NewInt(int64(crc32.ChecksumIEEE([]byte(text)))), secretChecksum)
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

// newClientID returns 128 random bits as URL-safe text that no command line
// takes for a flag.
func newClientID() string {
	for {
		random := make([]byte, 16)
		rand.Read(random)
		if id := base64.RawURLEncoding.EncodeToString(random); id[0] != '-' {
			return id
		}
	}
}

// Bounds of secrets that are brought from elsewhere.
const (
	maxSecret    = 256
	hintedSecret = 16 // from this length on, the end of a secret gives little away
)

// checkSecret holds a given secret to VSCHAR (RFC 6749 appendix A.2). Short
// ones are taken, as systems in use have them: the throttle protects those.
func checkSecret(field, text string) error {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c > 0x7e {
			return Errorf(CodeInvalid, field, "must be printable ASCII")
		}
	}
	if len(text) > maxSecret {
		return Errorf(CodeInvalid, field, "has %d characters, %d are allowed", len(text), maxSecret)
	}
	return nil
}

// hint returns the end of a secret, by which people tell theirs apart, where
// it is long enough.
func hint(text string) string {
	if len(text) < hintedSecret {
		return ""
	}
	return text[len(text)-4:]
}
