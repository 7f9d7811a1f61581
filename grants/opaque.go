package grants

import (
	"crypto/sha256"
	"encoding/json"
	"strings"

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
	return strings.HasPrefix(token, opaquePrefix) && secrets.Valid(opaquePrefix, token)
}

// opaqueHash is what is kept of an opaque token. With 256 random bits it needs
// no key; the tenant's id keeps equal texts of two tenants apart.
func opaqueHash(tenantID, token string) []byte {
	sum := sha256.Sum256([]byte(tenantID + "\x00" + token))
	return sum[:]
}

// mintOpaque makes the token that i tells of, and notes in it what is to be
// stored before the token leaves.
func mintOpaque(i *Issued, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	token := secrets.New(opaquePrefix)
	i.Opaque = &tenants.OpaqueToken{
		TenantID: i.Tenant.ID, Hash: opaqueHash(i.Tenant.ID, token), Claims: payload, ExpiresAt: i.Expiry,
	}
	return token, nil
}
