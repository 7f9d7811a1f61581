package grants

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Device is the grant of RFC 8628 section 3.4: a device without a browser gets
// a token once a person has approved it on the tenant's page.
type Device struct{ Devices *Devices }

// Type returns urn:ietf:params:oauth:grant-type:device_code.
func (Device) Type() string { return oauth.GrantDeviceCode }

// Params returns device_code.
func (Device) Params() []string { return []string{"device_code"} }

// OpenToPublic says that the device_code is the proof.
func (Device) OpenToPublic() {}

// Authorize answers with who has approved, or says how far it is (section 3.5).
// A poll that comes too early is counted: the next must come later.
func (g Device) Authorize(ctx context.Context, r *Request) (*Subject, error) {
	code := r.Params["device_code"]
	if code == "" {
		return nil, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMissing, "device_code is missing")
	}
	hash, err := g.Devices.pepper.MAC(ctx, r.Tenant.ID, deviceCodePurpose, code)
	if err != nil {
		return nil, err
	}
	now := g.Devices.now()
	device, early, err := g.Devices.store.PollDevice(ctx, r.Tenant.ID, r.Client.ID, hash, now)
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, errDeviceCode()
	}
	if err != nil {
		return nil, err
	}
	switch {
	case device.Status == tenants.DeviceSpent:
		return nil, errDeviceCode()
	case device.Expired(now):
		return nil, oauth.Errorf(oauth.ExpiredToken, oauth.ReasonExpired, "the device_code has expired, ask for a new one")
	case device.Status == tenants.DeviceDenied:
		return nil, oauth.Errorf(oauth.AccessDenied, oauth.ReasonDenied, "the request was denied")
	case early:
		return nil, oauth.Errorf(oauth.SlowDown, oauth.ReasonPending, "wait %d seconds between two polls", device.Wait)
	case device.Status == tenants.DevicePending:
		return nil, oauth.Errorf(oauth.AuthorizationPending, oauth.ReasonPending, "nobody has approved the request yet")
	}
	return g.subject(ctx, r.Tenant.ID, device)
}

func (g Device) subject(ctx context.Context, tenantID string, device *tenants.DeviceCode) (*Subject, error) {
	user, err := g.Devices.directory.User(ctx, tenantID, device.UserID)
	if errors.Is(err, tenants.ErrNotFound) || err == nil && device.Before(user) {
		return nil, errDeviceCode()
	}
	if err != nil {
		return nil, err
	}
	claims := map[string]any{"amr": []string{"pwd"}} // RFC 8176
	if device.SignedInAt != nil {
		claims["auth_time"] = device.SignedInAt.Unix()
	}
	return &Subject{
		ID: user.ID, User: user, Audience: device.Audience, Scopes: append(oauth.Scopes{}, device.Scopes...), KeepScopes: true, Decided: true,
		Renewable: true, GrantedAt: device.CreatedAt, Claims: claims,
		Spend: func(ctx context.Context, issued *Issued) error {
			err := g.Devices.store.SpendDeviceCode(ctx, tenantID, device.ID, issued.Issue())
			if errors.Is(err, tenants.ErrNotFound) {
				return errDeviceCode()
			}
			return err
		},
	}, nil
}

func errDeviceCode() error {
	return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonWrong, "device_code is unknown, was used, or is another client's")
}
