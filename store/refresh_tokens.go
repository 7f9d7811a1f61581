package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// family reads a family. A cut-off of an empty client or user is one of all of them.
const family = `f.id AS f_id, f.tenant_id AS f_tenant_id, f.client_id AS f_client_id, f.user_id AS f_user_id, f.grant_type AS f_grant_type,
	f.audience AS f_audience, f.scopes AS f_scopes, f.claims AS f_claims, f.epoch AS f_epoch, f.session_id AS f_session_id,
	f.created_at AS f_created_at, f.expires_at AS f_expires_at, f.revoked_at AS f_revoked_at,
	(EXISTS (SELECT 1 FROM refresh_cutoffs AS c WHERE c.tenant_id = f.tenant_id AND c.epoch > f.epoch
		AND c.client_id IN ('', f.client_id) AND c.user_id IN ('', f.user_id))
	OR f.session_id <> '' AND NOT EXISTS (SELECT 1 FROM sessions AS o WHERE o.tenant_id = f.tenant_id AND o.id = f.session_id)) AS cut_off`

// foundFamily reads a family by itself, foundToken one with a refresh token.
const foundFamily = `SELECT ` + family + ` FROM refresh_families AS f WHERE f.tenant_id = ? AND f.id = ?`

const foundToken = `SELECT t.tenant_id, t.hash, t.family_id, t.predecessor, t.created_at, t.spent_at, t.successor, t.sealed,
	EXISTS (SELECT 1 FROM refresh_tokens AS s
		WHERE s.tenant_id = t.tenant_id AND s.hash = t.successor AND s.spent_at IS NOT NULL) AS successor_spent, ` + family + `
	FROM refresh_tokens AS t JOIN refresh_families AS f ON f.tenant_id = t.tenant_id AND f.id = t.family_id
	WHERE t.tenant_id = ? AND t.hash = ?`

const oneRefreshToken = "tenant_id = ? AND hash = ?"

func refreshToken(tx *gorm.DB, tenantID string, hash []byte) (*tenants.FoundRefreshToken, error) {
	var found []tenants.FoundRefreshToken
	if err := tx.Raw(foundToken, tenantID, hash).Scan(&found).Error; err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, tenants.ErrNotFound
	}
	return &found[0], nil
}

// RefreshToken returns the tenant's refresh token of that hash with its family,
// also when it was used, has expired or was revoked.
func (db *DB) RefreshToken(ctx context.Context, tenantID string, hash []byte) (found *tenants.FoundRefreshToken, err error) {
	err = db.read(ctx, func(tx *gorm.DB) error {
		found, err = refreshToken(tx, tenantID, hash)
		return err
	})
	return found, err
}

// startFamily stores a family with its first token, if it has any. One whose client, user or
// tenant was cut off since its Epoch never works.
func startFamily(tx *gorm.DB, s tenants.RefreshStart) (err error) {
	family, token := s.Family, s.Token
	if family.Epoch == 0 {
		if family.Epoch, err = epoch(tx); err != nil {
			return err
		}
	}
	family.Scopes = orEmpty(family.Scopes)
	if family.Claims == nil {
		family.Claims = map[string]any{}
	}
	family.CreatedAt, family.ExpiresAt = stored(family.CreatedAt), stored(family.ExpiresAt)
	token.CreatedAt = stored(token.CreatedAt)
	if err := tx.Create(&family).Error; err != nil || token.Hash == nil {
		return err
	}
	return tx.Create(&token).Error
}

// RefreshFamily returns the tenant's family of that id, also one that has ended.
func (db *DB) RefreshFamily(ctx context.Context, tenantID, id string) (found *tenants.FoundFamily, err error) {
	err = db.read(ctx, func(tx *gorm.DB) error {
		found, err = refreshFamily(tx, tenantID, id)
		return err
	})
	return found, err
}

func refreshFamily(tx *gorm.DB, tenantID, id string) (*tenants.FoundFamily, error) {
	var found []tenants.FoundFamily
	if err := tx.Raw(foundFamily, tenantID, id).Scan(&found).Error; err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, tenants.ErrNotFound
	}
	return &found[0], nil
}

// RenewInFamily stores what is given out in a family once more. It is
// tenants.ErrNotFound where the family has ended.
func (db *DB) RenewInFamily(ctx context.Context, tenantID, id string, at time.Time, i tenants.Issue) error {
	return db.write(ctx, func(tx *gorm.DB) error {
		found, err := refreshFamily(tx, tenantID, id)
		if err != nil {
			return err
		}
		if !found.Live(stored(at)) {
			return tenants.ErrNotFound
		}
		return recordIssue(tx, i)
	})
}

// epoch returns how many changes the database has seen. What was committed with
// a later number came later.
func epoch(tx *gorm.DB) (n int64, err error) {
	err = tx.Table("feed_head").Select("n").Take(&n).Error
	return n, err
}

// SpendRefreshToken uses a refresh token. Of all calls for the same token, on
// all nodes, exactly one stores its successor: it gets nil. Calls within the
// grace, until the successor is used, get what the winner has sealed. A later
// one revokes the family and gets tenants.ErrReused. What has expired, was
// revoked or is unknown is tenants.ErrNotFound. Each call stores its issue
// with what it does, and an error but ErrReused leaves everything as it was.
func (db *DB) SpendRefreshToken(ctx context.Context, u tenants.RefreshUse) (sealed []byte, err error) {
	u.At, u.Reuse.At, u.Next.CreatedAt = stored(u.At), stored(u.Reuse.At), stored(u.Next.CreatedAt)
	reused, family := false, tenants.RefreshFamily{}
	err = db.write(ctx, func(tx *gorm.DB) error {
		sealed, reused = nil, false
		spent := tx.Model(&tenants.RefreshToken{}).Where(oneRefreshToken+" AND spent_at IS NULL", u.TenantID, u.Hash).
			Updates(map[string]any{"spent_at": u.At, "successor": u.Next.Hash, "sealed": u.Next.Sealed})
		if spent.Error != nil {
			return spent.Error
		}
		token, err := refreshToken(tx, u.TenantID, u.Hash)
		if err != nil {
			return err
		}
		switch {
		case !token.Live(u.At):
			return tenants.ErrNotFound
		case spent.RowsAffected == 1:
			if err := succeed(tx, token, u.Next); err != nil {
				return err
			}
		case token.Reused(u.At, u.Grace):
			reused = true
			family = token.Family
			return nil
		default:
			sealed = token.Sealed
		}
		return recordIssue(tx, u.Issue)
	})
	if err != nil || !reused {
		return sealed, err
	}
	// That it was reused stays true: this needs no part in that transaction.
	if err := db.RevokeRefreshFamily(ctx, &family, u.Reuse); err != nil {
		return nil, err
	}
	return nil, tenants.ErrReused
}

// succeed stores the successor of a token that was spent just now. Nobody may
// open the one before any more.
func succeed(tx *gorm.DB, token *tenants.FoundRefreshToken, next tenants.RefreshToken) error {
	next.TenantID, next.FamilyID, next.Predecessor, next.Sealed = token.TenantID, token.FamilyID, token.Hash, nil
	if err := tx.Create(&next).Error; err != nil {
		return err
	}
	if token.Predecessor == nil {
		return nil
	}
	return tx.Model(&tenants.RefreshToken{}).Where(oneRefreshToken, token.TenantID, token.Predecessor).
		UpdateColumn("sealed", nil).Error
}

// errAlready rolls a change back that has nothing to do.
var errAlready = errors.New("done already")

// RevokeRefreshFamily ends a family with the access tokens that came of it, if
// that has not been done before.
func (db *DB) RevokeRefreshFamily(ctx context.Context, f *tenants.RefreshFamily, e tenants.AuditEvent) error {
	at := stored(e.At)
	r := endedGrant(f.TenantID, f.ID, at)
	err := db.change(ctx, e, tenants.RevocationEvent(r), func(tx *gorm.DB) error {
		ended := tx.Model(&tenants.RefreshFamily{}).Where("tenant_id = ? AND id = ? AND revoked_at IS NULL", f.TenantID, f.ID).
			UpdateColumn("revoked_at", at)
		if ended.Error != nil {
			return ended.Error
		}
		if ended.RowsAffected == 0 {
			return errAlready
		}
		return revoke(tx, r)
	})
	if errors.Is(err, errAlready) {
		return nil
	}
	return err
}

// endedGrant is the revocation of all tokens that came or are about to come of a
// grant.
func endedGrant(tenantID, grantID string, at time.Time) tenants.Revocation {
	return tenants.Revocation{TenantID: tenantID, Kind: tenants.RevokedGrant, Key: grantID, NotBefore: at, ExpiresAt: at.Add(oauth.MaxTokenLife + inFlight)}
}

// inFlight is more than the time that a token may still be signed for after its
// grant was revoked, the difference between two nodes' clocks included.
const inFlight = 10 * time.Minute
