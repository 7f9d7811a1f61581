package grants

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/secrets"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// DeviceStore keeps the requests of devices. What is not there, or not as it
// should be, is tenants.ErrNotFound.
type DeviceStore interface {
	// CreateDeviceCode answers tenants.ErrExists for a user code that is taken.
	CreateDeviceCode(ctx context.Context, d *tenants.DeviceCode) error
	// PollDevice notes the poll; early where it came before the interval was over.
	PollDevice(ctx context.Context, tenantID, clientID string, hash []byte, now time.Time) (d *tenants.DeviceCode, early bool, err error)
	// SpendDeviceCode lets exactly one caller through.
	SpendDeviceCode(ctx context.Context, tenantID, id string, i tenants.Issue) error
	// EnterUserCode binds a pending request to the session.
	EnterUserCode(ctx context.Context, s *tenants.Session, hash []byte, now time.Time) (*tenants.DeviceCode, error)
	// DecideDevice decides once, and in the session that entered the code.
	DecideDevice(ctx context.Context, s *tenants.Session, id string, status tenants.DeviceStatus, now time.Time, e tenants.AuditEvent) error
	// TakeGuess counts a user code as wrong beforehand, or returns how long to wait.
	TakeGuess(ctx context.Context, tenantID string, sources []string, now time.Time) (time.Duration, error)
	// GuessedRight takes back what TakeGuess counted.
	GuessedRight(ctx context.Context, tenantID string, sources []string) error
}

const (
	deviceCodePurpose = "device_code"
	userCodePurpose   = "user_code"
	deviceCodeKind    = "gatehouse_dc_" // as handles have it
)

// userCodeLetters are consonants, so that no code is a word (RFC 8628 section
// 6.1); eight of them are 34.5 bits.
const (
	userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"
	userCodeLength  = 8
)

// Devices keeps the requests of devices that people authorize (RFC 8628).
type Devices struct {
	store     DeviceStore
	directory Directory
	pepper    Pepper
	throttle  *Throttle
	now       func() time.Time
}

// NewDevices makes a Devices.
func NewDevices(store DeviceStore, directory Directory, pepper Pepper, now func() time.Time) *Devices {
	return &Devices{store: store, directory: directory, pepper: pepper, throttle: NewThrottle(now), now: now}
}

// DevicePath is where the tenant's page for user codes is.
const DevicePath = "/device"

// AuthorizeDevice answers a device authorization request (RFC 8628 section 3.1).
// Scopes and audience are judged now: what a person approves is what is given. page
// is the URL where people enter the code. Errors are *oauth.Error: also slow_down
// for an address from which too many are asked for in the name of public clients.
func (s *Service) AuthorizeDevice(ctx context.Context, devices *Devices, r *TokenRequest, page string) (*oauth.DeviceAuthorization, error) {
	client, err := s.prepares(ctx, r, oauth.GrantDeviceCode)
	if err != nil {
		return nil, err
	}
	judged := *r
	if judged.Params, err = withoutIdentity(r.Params, client); err != nil {
		return nil, err
	}
	target, err := s.target(ctx, &judged, client, &Subject{})
	if err != nil {
		return nil, err
	}
	if client.AuthMethod == oauth.AuthNone { // anybody can ask so, and each answer is stored
		if wait := devices.throttle.Take(byAddress(r.Tenant.ID, asDevice, r.Address)); wait > 0 {
			return nil, slowDown(wait, "devices at once from this address")
		}
	}
	return devices.create(ctx, r.Tenant, client, target, page)
}

// withoutIdentity leaves out the scopes of OpenID Connect: they are accepted and
// grant nothing, unless an API of the client's has one of that name.
func withoutIdentity(p oauth.Params, client *tenants.Client) (oauth.Params, error) {
	asked, err := oauth.ParseScopes(p["scope"])
	if err != nil {
		return nil, err
	}
	var kept oauth.Scopes
	for _, name := range asked {
		switch name {
		case "openid", "profile", "email", "offline_access":
			for _, access := range client.APIs {
				if access.Scopes.Has(name) {
					kept = append(kept, name)
					break
				}
			}
		default:
			kept = append(kept, name)
		}
	}
	judged := oauth.Params{"scope": kept.String()}
	for _, name := range []string{"audience", "resource"} {
		judged[name] = p[name]
	}
	return judged, nil
}

// attemptsAtCode bounds how often a user code is drawn that is taken already.
const attemptsAtCode = 5

func (d *Devices) create(ctx context.Context, tenant *tenants.Tenant, client *tenants.Client, t *target, page string) (*oauth.DeviceAuthorization, error) {
	now := d.now()
	code := secrets.New(tenants.HandlePrefix(deviceCodeKind, tenant.ID))
	row := &tenants.DeviceCode{
		TenantID: tenant.ID, ClientID: client.ID, Audience: t.audience, Scopes: append(oauth.Scopes{}, t.scopes...),
		Status: tenants.DevicePending, Wait: int(tenants.DeviceInterval / time.Second), CreatedAt: now, ExpiresAt: now.Add(tenants.DeviceCodeLife),
	}
	var err error
	if row.Hash, err = d.pepper.MAC(ctx, tenant.ID, deviceCodePurpose, code); err != nil {
		return nil, err
	}
	for range attemptsAtCode {
		row.ID = uuid.Must(uuid.NewV7()).String()
		letters := newUserCode()
		if row.UserCodeHash, err = d.pepper.MAC(ctx, tenant.ID, userCodePurpose, letters); err != nil {
			return nil, err
		}
		if err = d.store.CreateDeviceCode(ctx, row); errors.Is(err, tenants.ErrExists) {
			continue
		}
		if err != nil {
			return nil, err
		}
		shown := letters[:userCodeLength/2] + "-" + letters[userCodeLength/2:]
		return &oauth.DeviceAuthorization{
			DeviceCode: code, UserCode: shown, VerificationURI: page,
			VerificationURIComplete: page + "?" + url.Values{"user_code": {shown}}.Encode(),
			ExpiresIn:               int64(tenants.DeviceCodeLife / time.Second), Interval: int64(row.Wait),
		}, nil
	}
	return nil, err
}

func newUserCode() string {
	letters := make([]byte, userCodeLength)
	for i := range letters {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(userCodeLetters))))
		if err != nil {
			panic(err) // crypto/rand never fails
		}
		letters[i] = userCodeLetters[n.Int64()]
	}
	return string(letters)
}

// NormalUserCode returns the letters of a user code as people type it, without
// regard to case and to what stands between them; "" for what can be none.
func NormalUserCode(typed string) string {
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		if strings.ContainsRune("-‐‑–—_. \t", r) {
			return -1
		}
		return r
	}, typed)
	if len(letters) != userCodeLength || strings.Trim(letters, userCodeLetters) != "" {
		return ""
	}
	return letters
}
