package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// voucher is the grant: voucher=USER.EXPIRY.NUMBER.MAC earns a token for that
// user until EXPIRY (seconds since the epoch), once. MAC is the HMAC-SHA-256 of
// "TENANT.USER.EXPIRY.NUMBER", in hexadecimal digits.
type voucher struct {
	key   []byte
	users grants.Directory
	log   grants.AssertionLog
	now   func() time.Time
}

// Type is a URI of one's own.
func (voucher) Type() string { return "https://vouchers.example/grant" }

// Params is all that the grant gets to see of a request.
func (voucher) Params() []string { return []string{"voucher"} }

// OpenToPublic says that a voucher is proof enough: clients may use it that can
// keep no secret.
func (voucher) OpenToPublic() {}

// Authorize says whom the token speaks for, and changes nothing: the voucher is
// used up by Spend, when the token is about to leave.
func (v voucher) Authorize(ctx context.Context, r *grants.Request) (*grants.Subject, error) {
	if len(v.key) < 32 {
		return nil, errors.New("VOUCHER_KEY must have 32 characters at least") // in the log; the client gets server_error
	}
	parts := strings.Split(r.Params["voucher"], ".")
	if len(parts) != 4 {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "voucher must be USER.EXPIRY.NUMBER.MAC")
	}
	signed := strings.Join(append([]string{r.Tenant.Slug}, parts[:3]...), ".")
	if mac, err := hex.DecodeString(parts[3]); err != nil || !hmac.Equal(mac, v.mac(signed)) {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonWrong, "the voucher is not a good one")
	}
	seconds, err := strconv.ParseInt(parts[1], 10, 64)
	expiry := time.Unix(seconds, 0)
	if err != nil || !v.now().Before(expiry) {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonExpired, "the voucher has expired")
	}
	user, err := v.users.User(ctx, r.Tenant.ID, parts[0]) // of this tenant only
	if errors.Is(err, tenants.ErrNotFound) || err == nil && user.IsServiceAccount() {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonUnknown, "the voucher is for nobody here")
	}
	if err != nil {
		return nil, err // the database is away: the client gets temporarily_unavailable
	}
	return &grants.Subject{ID: user.ID, User: user, Expiry: expiry, Spend: v.spend(signed, expiry)}, nil
}

// spend returns what stores the voucher as used, together with what it earned.
// Of any number of nodes exactly one gets through.
func (v voucher) spend(signed string, expiry time.Time) func(context.Context, *grants.Issued) error {
	return func(ctx context.Context, issued *grants.Issued) error {
		used := tenants.SpentAssertion{TenantID: issued.Tenant.ID, Digest: fmt.Sprintf("voucher %x", v.mac(signed)), ExpiresAt: expiry}
		err := v.log.SpendAssertion(ctx, used, issued.Issue())
		if errors.Is(err, tenants.ErrExists) {
			return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonDuplicate, "the voucher has been used before")
		}
		return err
	}
}

func (v voucher) mac(text string) []byte {
	h := hmac.New(sha256.New, v.key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
