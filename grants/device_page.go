package grants

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// DeviceRequest is what a person decides on.
type DeviceRequest struct {
	ID     string
	Client *tenants.Client
	API    *tenants.API // nil where the token is for the issuer
	Scopes []tenants.Scope
}

// Enter returns the request of a user code as it was typed, and binds it to the
// session: it alone decides from now on. Errors are *oauth.Error: invalid_grant
// for a code that is wrong, has ended or is another's, slow_down after
// tenants.DeviceGuesses of these from the session or the address.
func (d *Devices) Enter(ctx context.Context, v *Visit, typed, address string) (*DeviceRequest, error) {
	tenantID := v.Session.TenantID
	sources := []string{"address:" + source(address), "session:" + v.Session.ID}
	wait, err := d.store.TakeGuess(ctx, tenantID, sources, d.now())
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		return nil, slowDown(wait, "wrong codes")
	}
	hash, err := d.pepper.MAC(ctx, tenantID, userCodePurpose, NormalUserCode(typed))
	if err != nil {
		return nil, err
	}
	device, err := d.store.EnterUserCode(ctx, v.Session, hash, d.now())
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonWrong, "there is no such code, or it has ended")
	}
	if err != nil {
		return nil, err
	}
	if err := d.store.GuessedRight(ctx, tenantID, sources); err != nil {
		return nil, err
	}
	return d.describe(ctx, device)
}

func (d *Devices) describe(ctx context.Context, device *tenants.DeviceCode) (*DeviceRequest, error) {
	client, err := d.directory.Client(ctx, device.TenantID, device.ClientID)
	if err == nil && !client.Usable(d.now()) {
		err = tenants.ErrNotFound
	}
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonDisabled, "there is no such code, or it has ended")
	}
	if err != nil {
		return nil, err
	}
	request := &DeviceRequest{ID: device.ID, Client: client}
	api, err := d.directory.API(ctx, device.TenantID, device.Audience)
	if errors.Is(err, tenants.ErrNotFound) { // the issuer itself
		return request, nil
	}
	if err != nil {
		return nil, err
	}
	request.API = api
	for _, name := range device.Scopes {
		scope, _ := api.Scope(name)
		scope.Name = name
		request.Scopes = append(request.Scopes, scope)
	}
	return request, nil
}

// Decide approves or denies a request, once, in the session that has entered its
// code. Anything else is invalid_grant.
func (d *Devices) Decide(ctx context.Context, v *Visit, id string, approve bool, address, requestID string) error {
	status, action := tenants.DeviceDenied, "device.deny"
	if approve {
		status, action = tenants.DeviceApproved, "device.approve"
	}
	now := d.now()
	err := d.store.DecideDevice(ctx, v.Session, id, status, now, byUser(v.tenant, v.Session, now, action, id, address, requestID))
	if errors.Is(err, tenants.ErrNotFound) {
		return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonWrong, "this request was decided already, has ended, or was opened elsewhere")
	}
	return err
}
