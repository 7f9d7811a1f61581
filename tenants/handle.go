package tenants

import (
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

// A handle is a random text that a tenant gave out, such as a refresh token. It
// begins with what it is and with the tenant's id, which finds the tenant on the
// shared host.

// handleID is how many characters of a handle are the tenant's id.
const handleID = 32

// HandlePrefix returns what the tenant's handles of a kind begin with: the
// kind, 32 hexadecimal digits and an underscore. The tenant's id is a UUID; any
// other gives a prefix that finds no tenant.
func HandlePrefix(kind, tenantID string) string {
	id, err := uuid.Parse(tenantID)
	if err != nil {
		return kind + "_"
	}
	return kind + hex.EncodeToString(id[:]) + "_"
}

// TenantOfHandle returns the id of the tenant that a handle of the kind names,
// "" for what is no such handle. It proves nothing.
func TenantOfHandle(kind, handle string) string {
	rest, ok := strings.CutPrefix(handle, kind)
	if !ok || len(rest) <= handleID || rest[handleID] != '_' {
		return ""
	}
	raw, err := hex.DecodeString(rest[:handleID])
	if err != nil {
		return ""
	}
	id, err := uuid.FromBytes(raw)
	if err != nil {
		return ""
	}
	return id.String()
}
