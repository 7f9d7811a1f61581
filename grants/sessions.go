package grants

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/secrets"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// SessionStore keeps the sessions of browsers.
type SessionStore interface {
	// CreateSession stores a session and deletes the one that had the hash
	// replaced, if any. It answers tenants.ErrNotFound where what was verified is
	// true no more.
	CreateSession(ctx context.Context, s *tenants.Session, replaced []byte, e tenants.AuditEvent) error
	SessionByHash(ctx context.Context, tenantID string, hash []byte) (*tenants.Session, error)
	SeeSession(ctx context.Context, tenantID, id string, at time.Time) error
	LeaveSession(ctx context.Context, tenantID, userID, id string, e tenants.AuditEvent) error
	// SpendProof lets exactly one caller through for each hash.
	SpendProof(ctx context.Context, s *tenants.Session, hash []byte, expiry time.Time, i tenants.Issue) error
}

// Purposes of keyed hashes. No hash of one is ever good for another.
const (
	sessionPurpose = "session"
	proofPurpose   = "session_proof"
)

const cookiePrefix = "gatehouse_session_"

// Sessions signs people in and finds who is signed in.
type Sessions struct {
	signIn    *SignIn
	directory Directory
	store     SessionStore
	pepper    Pepper
	now       func() time.Time
}

// NewSessions makes a Sessions.
func NewSessions(signIn *SignIn, directory Directory, store SessionStore, pepper Pepper, now func() time.Time) *Sessions {
	return &Sessions{signIn: signIn, directory: directory, store: store, pepper: pepper, now: now}
}

// Visit is a signed-in browser.
type Visit struct {
	Session *tenants.Session
	User    *tenants.User
	tenant  *tenants.Tenant
	cookie  string
}

// SignIn starts a session for whom the login proves, with a cookie that nobody
// has had before; it takes the place of the session of the old cookie, which
// may be empty. Errors are those of SignIn.Password.
func (s *Sessions) SignIn(ctx context.Context, l Login, oldCookie, userAgent string) (cookie string, err error) {
	user, err := s.signIn.Password(ctx, l)
	if err != nil {
		return "", err
	}
	cookie = secrets.New(cookiePrefix)
	hash, err := s.hash(ctx, l.Tenant.ID, cookie)
	if err != nil {
		return "", err
	}
	var replaced []byte
	if secrets.Valid(cookiePrefix, oldCookie) {
		if replaced, err = s.hash(ctx, l.Tenant.ID, oldCookie); err != nil {
			return "", err
		}
	}
	now := s.now()
	session := &tenants.Session{
		ID: uuid.Must(uuid.NewV7()).String(), TenantID: l.Tenant.ID, UserID: user.ID, Hash: hash,
		Address: l.Address, UserAgent: userAgent, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(tenants.SessionLife), Epoch: user.Epoch,
	}
	err = s.store.CreateSession(ctx, session, replaced, byUser(l.Tenant, session, now, "session.create", session.ID, l.Address, l.RequestID))
	if errors.Is(err, tenants.ErrNotFound) {
		return "", errPassword()
	}
	return cookie, err
}

// Find returns who is signed in by the cookie. One that is none, has ended, or
// whose user cannot be used is tenants.ErrNotFound.
func (s *Sessions) Find(ctx context.Context, tenant *tenants.Tenant, cookie string) (*Visit, error) {
	if !secrets.Valid(cookiePrefix, cookie) {
		return nil, tenants.ErrNotFound
	}
	hash, err := s.hash(ctx, tenant.ID, cookie)
	if err != nil {
		return nil, err
	}
	session, err := s.store.SessionByHash(ctx, tenant.ID, hash)
	if err != nil {
		return nil, err
	}
	now := s.now()
	if !session.Live(now) {
		return nil, tenants.ErrNotFound
	}
	user, err := s.directory.User(ctx, tenant.ID, session.UserID)
	if err != nil {
		return nil, err
	}
	if user.Status != tenants.Active {
		return nil, tenants.ErrNotFound
	}
	if now.Sub(session.SeenAt) >= tenants.SessionSampled {
		if err := s.store.SeeSession(ctx, tenant.ID, session.ID, now); err != nil {
			return nil, err
		}
	}
	return &Visit{Session: session, User: user, tenant: tenant, cookie: cookie}, nil
}

// SignOut ends the session. Devices that its user has let in stay so.
func (s *Sessions) SignOut(ctx context.Context, v *Visit, address, requestID string) error {
	err := s.store.LeaveSession(ctx, v.Session.TenantID, v.Session.UserID, v.Session.ID,
		byUser(v.tenant, v.Session, s.now(), "session.delete", v.Session.ID, address, requestID))
	if errors.Is(err, tenants.ErrNotFound) { // it ended in another window
		return nil
	}
	return err
}

func (s *Sessions) hash(ctx context.Context, tenantID, cookie string) ([]byte, error) {
	return s.pepper.MAC(ctx, tenantID, sessionPurpose, cookie)
}

// byUser makes an audit event of something that a signed-in user did.
func byUser(t *tenants.Tenant, s *tenants.Session, at time.Time, action, target, address, requestID string) tenants.AuditEvent {
	return tenants.AuditEvent{
		ID: uuid.Must(uuid.NewV7()).String(), TenantID: s.TenantID, At: at, Actor: t.UserActor(s.UserID), Action: action,
		Target: target, RequestID: requestID, Address: address,
	}
}

// FormToken returns what the forms of the session's pages must send back. Other
// sites do not know it.
func (v *Visit) FormToken() string {
	return base64.RawURLEncoding.EncodeToString(v.mac("form"))
}

// SentForm reports whether a form carries the session's token.
func (v *Visit) SentForm(token string) bool {
	return hmac.Equal([]byte(v.FormToken()), []byte(token))
}

// mac is keyed by the cookie, which only the browser has.
func (v *Visit) mac(parts ...string) []byte {
	h := hmac.New(sha256.New, []byte(v.cookie))
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}
