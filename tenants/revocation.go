package tenants

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// RevocationKind says which access tokens a Revocation ends.
type RevocationKind string

// The kinds of revocations. RevokedToken ends one token, RevokedGrant all of one
// grant, whenever they are issued; the others end what was issued before an
// instant.
const (
	RevokedToken  RevocationKind = "token"  // Key: its jti
	RevokedGrant  RevocationKind = "grant"  // Key: the grant_id, a family of refresh tokens or an API key
	RevokedClient RevocationKind = "client" // Key: the client_id that tokens were issued to
	RevokedUser   RevocationKind = "user"   // Key: the user's id, whom tokens speak for or who acts by them
	RevokedAll    RevocationKind = "tenant" // Key: empty, every token of the tenant
)

// Revocation ends access tokens before they expire.
type Revocation struct {
	TenantID string         `gorm:"primaryKey"`
	Kind     RevocationKind `gorm:"primaryKey"`
	Key      string         `gorm:"primaryKey"`
	// NotBefore is when it was given: a token whose iat is not in a later second
	// is dead. For RevokedToken and RevokedGrant it only tells when.
	NotBefore time.Time
	// ExpiresAt is when the last token that it ends expires by itself.
	ExpiresAt time.Time
}

// isSingle tells that a revocation of the kind names what it ends, and not when
// that was issued.
func (k RevocationKind) isSingle() bool { return k == RevokedToken || k == RevokedGrant }

// at is what memory keeps of the revocation: when the last token of a single one
// expires, or the last second whose tokens are dead.
func (r *Revocation) at() int64 {
	if r.Kind.isSingle() {
		return r.ExpiresAt.Unix()
	}
	return r.NotBefore.Unix()
}

// RevocationEvent is the feed event that tells of revocations of one tenant.
func RevocationEvent(list ...Revocation) feed.Event {
	e := feed.Event{Kind: feed.Revocation}
	for i := range list {
		r := &list[i]
		if i > 0 {
			e.Key += "\n"
		}
		e.TenantID = r.TenantID
		e.Key += string(r.Kind) + ":" + r.Key + ":" + strconv.FormatInt(r.at(), 10)
	}
	return e
}

// ended is a revocation as it is kept in memory; at is as in Revocation.at.
type ended struct {
	what ending
	at   int64 // seconds since the epoch
}

type ending struct {
	kind RevocationKind
	key  string
}

// readEndings reads the key of a RevocationEvent, in which keys may hold colons.
func readEndings(eventKey string) (list []ended, ok bool) {
	for line := range strings.SplitSeq(eventKey, "\n") {
		kind, rest, _ := strings.Cut(line, ":")
		last := strings.LastIndexByte(rest, ':')
		if last < 0 {
			return nil, false
		}
		at, err := strconv.ParseInt(rest[last+1:], 10, 64)
		if err != nil {
			return nil, false
		}
		list = append(list, ended{ending{RevocationKind(kind), rest[:last]}, at})
	}
	return list, true
}

// IssuedToken is what says whether a token is revoked.
type IssuedToken struct {
	ID       string // jti
	GrantID  string // grant_id, empty for none
	ClientID string
	Subjects []string // whom it speaks for, and who acts by it
	At       int64    // iat
}

// revoked is what is revoked in a tenant. It is safe for concurrent use.
type revoked struct {
	mu    sync.RWMutex
	until map[ending]int64
}

func newRevoked(list []Revocation) *revoked {
	r := &revoked{until: make(map[ending]int64, len(list))}
	for i := range list {
		r.until[ending{list[i].Kind, list[i].Key}] = list[i].at()
	}
	return r
}

func (r *revoked) add(list []ended) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range list {
		r.until[e.what] = max(r.until[e.what], e.at)
	}
}

func (r *revoked) holds(t IssuedToken) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, ok := r.until[ending{RevokedToken, t.ID}]; ok {
		return true
	}
	if _, ok := r.until[ending{RevokedGrant, t.GrantID}]; ok {
		return true
	}
	last := r.lastDead(t.ClientID, t.Subjects)
	return last > 0 && t.At <= last
}

// notBefore returns the last second whose tokens are dead, 0 for none.
func (r *revoked) notBefore(clientID string, subjects []string) int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.lastDead(clientID, subjects)
}

func (r *revoked) lastDead(clientID string, subjects []string) int64 {
	last := max(r.until[ending{RevokedAll, ""}], r.until[ending{RevokedClient, clientID}])
	for _, id := range subjects {
		last = max(last, r.until[ending{RevokedUser, id}])
	}
	return last
}

// forget drops single tokens and grants whose last token expired before an
// instant, and instants of which no token is left.
func (r *revoked) forget(before time.Time, longest time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for what, at := range r.until {
		life := longest
		if what.kind.isSingle() {
			life = 0
		}
		if time.Unix(at, 0).Add(life).Before(before) {
			delete(r.until, what)
		}
	}
}

// OpaqueToken is an access token that is no JWT: random text, of which only a
// hash is kept, with the claims that a JWT of it would carry.
type OpaqueToken struct {
	TenantID  string `gorm:"primaryKey"`
	Hash      []byte `gorm:"primaryKey"` // SHA-256 of the tenant's id and the token
	Claims    []byte // JSON
	ExpiresAt time.Time
}

// Values of token_format: what access tokens look like.
const (
	FormatJWT    = "jwt"
	FormatOpaque = "opaque"
)

// TokenFormat returns what the client's tokens for an API look like, and whether
// the client or the API says so; both may leave it open. Tokens for the admin
// API are JWTs always: it finds their tenant by what they say.
func TokenFormat(c *Client, api *API) (format, decidedBy string) {
	switch {
	case api != nil && api.IsAdmin():
		return FormatJWT, "platform"
	case c.TokenFormat != "":
		return c.TokenFormat, "client"
	case api != nil && api.TokenFormat != "":
		return api.TokenFormat, "api"
	}
	return FormatJWT, "platform"
}
