package passwords

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/argon2"
	"github.com/go-crypt/crypt/algorithm/bcrypt"
	"github.com/go-crypt/crypt/algorithm/pbkdf2"
	"github.com/go-crypt/crypt/algorithm/scrypt"
)

// Limits of hashes that are brought from elsewhere, so that none costs more
// than some 0.4 s of one core, bcrypt 1 s, and 128 MiB.
const (
	maxHash             = 512       // octets of the whole text
	maxArgonMemory      = 128 << 10 // KiB
	maxArgonWork        = 256 << 10 // KiB times iterations
	maxArgonParallelism = 8
	maxBcryptCost       = 14
	maxPBKDF2Work       = 1_300_000 // iterations times blocks; of SHA-512 three times
	maxScryptWork       = 1 << 20   // N * r * p, which bounds the memory, 128 * N * r, to 128 MiB
	minKey, maxKey      = 16, 64    // octets of the derived key
	maxSalt             = 64        // octets
)

// bcryptMax is how many octets of a password bcrypt reads.
const bcryptMax = 72

// The forms that are read. All is anchored, so that what go-crypt parses
// leniently never reaches it.
var (
	argonForm  = regexp.MustCompile(`^\$argon2id\$v=19\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,9})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$`)
	bcryptForm = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)
	pbkdf2Form = regexp.MustCompile(`^\$pbkdf2(?:-(sha(?:1|256|512)))?\$([1-9][0-9]{0,9})\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]+)$`)
	scryptForm = regexp.MustCompile(`^\$scrypt\$ln=([1-9][0-9]?),r=([1-9][0-9]{0,3}),p=([1-9][0-9]{0,3})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)$`)
)

// parsed is a hash that can be verified.
type parsed struct {
	algorithm.Digest
	limit int  // octets that a password may have at most; 0: any number
	cost  Cost // of one that is made as ours are; zero for any other
}

var errForm = errors.New("must be argon2id, bcrypt ($2a$, $2b$, $2y$), pbkdf2 (SHA-1, SHA-256, SHA-512) or scrypt, " +
	"in the PHC string format ($argon2id$v=19$m=…, $pbkdf2-sha256$i=…, $scrypt$ln=…), that of crypt(3) or passlib ($2b$12$…, $pbkdf2-sha256$29000$…), " +
	"Django's (pbkdf2_sha256$…) or Werkzeug's (pbkdf2:sha256:…, scrypt:…)")

// CheckHash says why a hash cannot be brought in, nil for one that can.
func CheckHash(text string) error {
	_, err := parse(text)
	return err
}

// parse reads a hash and holds its parameters to what we are ready to compute.
func parse(text string) (parsed, error) {
	if len(text) > maxHash {
		return parsed{}, fmt.Errorf("has %d characters, %d are allowed", len(text), maxHash)
	}
	text = common(text)
	switch {
	case strings.HasPrefix(text, "$argon2id$"):
		return parseArgon(text)
	case strings.HasPrefix(text, "$2"):
		return parseBcrypt(text)
	case strings.HasPrefix(text, "$pbkdf2"):
		return parsePBKDF2(text)
	case strings.HasPrefix(text, "$scrypt$"):
		return parseScrypt(text)
	}
	return parsed{}, errForm
}

func parseArgon(text string) (parsed, error) {
	parts := argonForm.FindStringSubmatch(text)
	if parts == nil {
		return parsed{}, errForm
	}
	m, t, p := number(parts[1]), number(parts[2]), number(parts[3])
	if m > maxArgonMemory || m*t > maxArgonWork || p > maxArgonParallelism || m < 8*p {
		return parsed{}, fmt.Errorf("argon2id may use %d KiB, KiB times iterations of %d, and %d lanes of 8 KiB or more", maxArgonMemory, maxArgonWork, maxArgonParallelism)
	}
	salt, key := octets(parts[4]), octets(parts[5])
	if err := checkSizes(salt, key); err != nil {
		return parsed{}, err
	}
	digest, err := argon2.Decode(text)
	read := parsed{Digest: digest}
	if p == parallelism && salt == saltBytes && key == keyBytes {
		read.cost = Cost{Memory: m, Iterations: t}
	}
	return read, err
}

func parseBcrypt(text string) (parsed, error) {
	parts := bcryptForm.FindStringSubmatch(text)
	if parts == nil {
		return parsed{}, errForm
	}
	if cost := number(parts[1]); cost < 4 || cost > maxBcryptCost {
		return parsed{}, fmt.Errorf("bcrypt may have a cost of 4 to %d", maxBcryptCost)
	}
	digest, err := bcrypt.Decode(text)
	return parsed{Digest: digest, limit: bcryptMax}, err
}

func parsePBKDF2(text string) (parsed, error) {
	parts := pbkdf2Form.FindStringSubmatch(text)
	if parts == nil {
		return parsed{}, errForm
	}
	salt, key := octets(parts[3]), octets(parts[4])
	if err := checkSizes(salt, key); err != nil {
		return parsed{}, err
	}
	block, weight := 20, 1 // SHA-1
	switch parts[1] {
	case "sha256":
		block = 32
	case "sha512":
		block, weight = 64, 3
	}
	if blocks := (key + block - 1) / block; number(parts[2])*blocks*weight > maxPBKDF2Work {
		return parsed{}, fmt.Errorf("pbkdf2 may have %d iterations, times blocks of the key (20 octets for SHA-1, 32 for SHA-256, 64 for SHA-512), and a third of that for SHA-512", maxPBKDF2Work)
	}
	digest, err := pbkdf2.Decode(text)
	return parsed{Digest: digest}, err
}

func parseScrypt(text string) (parsed, error) {
	parts := scryptForm.FindStringSubmatch(text)
	if parts == nil {
		return parsed{}, errForm
	}
	ln, r, p := number(parts[1]), number(parts[2]), number(parts[3])
	if ln > 24 || r*p<<ln > maxScryptWork { // a wide shift overflows
		return parsed{}, fmt.Errorf("scrypt may have N r p of %d", maxScryptWork)
	}
	if err := checkSizes(octets(parts[4]), octets(parts[5])); err != nil {
		return parsed{}, err
	}
	digest, err := scrypt.Decode(text)
	return parsed{Digest: digest}, err
}

// checkSizes bounds the octets of salt and derived key.
func checkSizes(salt, key int) error {
	if salt > maxSalt || key < minKey || key > maxKey {
		return fmt.Errorf("must have a salt of at most %d octets and a key of %d to %d", maxSalt, minKey, maxKey)
	}
	return nil
}

// number reads digits that a form has matched; ten of them fit.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// octets returns how many octets unpadded base64 stands for. That of no such
// length is refused when it is decoded.
func octets(text string) int { return base64.RawStdEncoding.DecodedLen(len(text)) }
