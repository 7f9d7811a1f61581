package grants

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/secrets"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// OpaquePattern is the regular expression of opaque access tokens, for secret
// scanners.
const OpaquePattern = `gatehouse_at_[0-9A-Za-z]{49}`

const opaquePrefix = "gatehouse_at_"

// isOpaque reports whether a text may be an opaque access token: what was cut,
// extended or changed is found out before anything is asked for it.
func isOpaque(token string) bool {
	return isUUID(token) || strings.HasPrefix(token, opaquePrefix) && secrets.Valid(opaquePrefix, token)
}

// isUUID reports whether a text has the form of newUUID, which holds no checksum.
func isUUID(text string) bool {
	id, err := uuid.Parse(text)
	return err == nil && id.String() == text
}

// newUUID returns a text of the form of a UUID with 128 random bits, as RFC 6749
// section 10.10 asks for: version and variant of RFC 9562 would take six of them.
func newUUID() string {
	var id uuid.UUID
	rand.Read(id[:]) // never fails (crypto/rand)
	return id.String()
}

// opaqueHash is what is kept of an opaque token. With that many random bits it
// needs no key; the tenant's id keeps equal texts of two tenants apart.
func opaqueHash(tenantID, token string) []byte {
	sum := sha256.Sum256([]byte(tenantID + "\x00" + token))
	return sum[:]
}

// mintOpaque makes the token that i tells of, and notes in it what is to be
// stored before the token leaves.
func mintOpaque(i *Issued, claims any, asUUID bool) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	token := secrets.New(opaquePrefix)
	if asUUID {
		token = newUUID()
	}
	i.Opaque = &tenants.OpaqueToken{
		TenantID: i.Tenant.ID, Hash: opaqueHash(i.Tenant.ID, token), Claims: payload, ExpiresAt: i.Expiry,
	}
	return token, nil
}
