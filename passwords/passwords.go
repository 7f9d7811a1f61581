// Package passwords hashes the passwords of people and verifies them, those
// brought from other systems among them, a bounded number at once. It knows
// nobody's name and keeps nothing: who counts wrong guesses is elsewhere.
package passwords

import (
	"fmt"
	"unicode/utf8"

	"github.com/go-crypt/crypt/algorithm/argon2"
)

// Bounds of a new password (NIST SP 800-63B section 5.1.1.2, OWASP ASVS 6.2.9).
const (
	MinLength = 8    // characters
	MaxLength = 1024 // characters; longer ones are refused before any hashing
)

// The sizes of a hash of ours. It is made on one lane.
const (
	parallelism = 1
	saltBytes   = 16
	keyBytes    = 32
)

// Cost is what a hash of argon2id costs.
type Cost struct {
	Memory     int // KiB, at least 8
	Iterations int // over all of it, at least 1
}

// DefaultCost is some 25 ms of one core and 19 MiB (OWASP Password Storage Cheat
// Sheet). Less is for tests of something else.
func DefaultCost() Cost { return Cost{Memory: 19 * 1024, Iterations: 2} }

// Check says why a password cannot be chosen, nil for one that can.
func Check(password string) error {
	if !utf8.ValidString(password) {
		return fmt.Errorf("must be UTF-8")
	}
	switch n := utf8.RuneCountInString(password); {
	case n < MinLength:
		return fmt.Errorf("has %d characters, at least %d are needed", n, MinLength)
	case n > MaxLength:
		return fmt.Errorf("has %d characters, %d are allowed", n, MaxLength)
	}
	return nil
}

// TooLong reports whether nobody can have the password, as it is longer than
// any may be. Asking costs next to nothing.
func TooLong(password string) bool {
	return len(password) > MaxLength*utf8.UTFMax || utf8.RuneCountInString(password) > MaxLength
}

// hash returns a new hash of the password, in the PHC string format.
func (c Cost) hash(password string) (string, error) {
	hasher, err := argon2.New(argon2.WithVariantID(), argon2.WithM(uint32(c.Memory)), argon2.WithT(c.Iterations),
		argon2.WithP(parallelism), argon2.WithS(saltBytes), argon2.WithK(keyBytes))
	if err != nil {
		return "", err
	}
	digest, err := hasher.Hash(password)
	if err != nil {
		return "", err
	}
	return digest.Encode(), nil
}
