package tenants

import "time"

// RemoteGrant is a grant type of a tenant's own: who gets a token by it is
// decided by an endpoint of the tenant's.
type RemoteGrant struct {
	ID        string `json:"id" gorm:"primaryKey"`
	TenantID  string `json:"-"`
	GrantType string `json:"grant_type"` // an absolute URI, unique in the tenant
	Name      string `json:"name"`
	Status    Status `json:"status"`   // active or disabled
	Endpoint  string `json:"endpoint"` // an https URL without a query
	// Params are the names of the request parameters that the endpoint sees.
	Params []string `json:"params" gorm:"serializer:json"`
	// PublicClients says that what is sent proves enough, so that clients may use
	// it that can keep no secret.
	PublicClients bool      `json:"public_clients"`
	Version       int64     `json:"-"`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
}

// Revision returns its id, and the version that counts its changes.
func (g *RemoteGrant) Revision() (id string, version int64) { return g.ID, g.Version }

// MaxRemoteGrants is how many grant types of its own a tenant may have.
const MaxRemoteGrants = 50
