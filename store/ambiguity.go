package store

import (
	"fmt"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// On the shared host an audience may belong to several tenants, which client_id
// then tells apart. Changes run one at a time, so what is looked up here holds
// until the commit.

// unambiguousClient refuses a client whose id another tenant has too, where
// both have a findable API of the same identifier. Clients that stand in for a
// dialect have the same id everywhere: where another client has it, that is meant.
func unambiguousClient(tx *gorm.DB, c *tenants.Client) error {
	if c.AuthMethod == oauth.AuthDialect {
		return nil
	}
	var audience string
	clash, err := found(tx.Table("apis AS mine").Select("mine.identifier").
		Joins("JOIN apis AS other ON other.identifier = mine.identifier AND other.shared_host AND other.tenant_id <> mine.tenant_id").
		Joins("JOIN clients AS theirs ON theirs.tenant_id = other.tenant_id AND theirs.client_id = ? AND theirs.token_endpoint_auth_method <> ?", c.ID, oauth.AuthDialect).
		Where("mine.tenant_id = ? AND mine.shared_host", c.TenantID).
		Take(&audience).Error)
	if clash {
		return ambiguous(audience, c.ID)
	}
	return err
}

// unambiguousAPI refuses a findable API whose identifier another tenant's
// findable API has too, where both tenants have a client of the same id.
func unambiguousAPI(tx *gorm.DB, a *tenants.API) error {
	if !a.SharedHost {
		return nil
	}
	var clientID string
	clash, err := found(tx.Table("apis AS other").Select("mine.client_id").
		Joins("JOIN clients AS theirs ON theirs.tenant_id = other.tenant_id AND theirs.token_endpoint_auth_method <> ?", oauth.AuthDialect).
		Joins("JOIN clients AS mine ON mine.client_id = theirs.client_id AND mine.tenant_id = ? AND mine.token_endpoint_auth_method <> ?", a.TenantID, oauth.AuthDialect).
		Where("other.identifier = ? AND other.shared_host AND other.tenant_id <> ?", a.Identifier, a.TenantID).
		Take(&clientID).Error)
	if clash {
		return ambiguous(a.Identifier, clientID)
	}
	return err
}

func ambiguous(audience, clientID string) error {
	return fmt.Errorf("%w: audience %q with client_id %q is another tenant's too", admin.ErrAmbiguous, audience, clientID)
}
