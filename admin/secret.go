package admin

import (
	"crypto/rand"
	"encoding/base64"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/secrets"
)

// SecretPattern is the regular expression of the client secrets that we
// generate, for secret scanners; ValidSecret tells them from look-alikes.
const SecretPattern = `gatehouse_cs_[0-9A-Za-z]{49}`

// GenerateSecret returns a client secret as secrets.New makes them.
func GenerateSecret() string { return secrets.New(grants.ClientSecretPrefix) }

// ValidSecret reports whether text is a client secret as GenerateSecret makes
// them, by its form and checksum alone.
func ValidSecret(text string) bool { return secrets.Valid(grants.ClientSecretPrefix, text) }

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
