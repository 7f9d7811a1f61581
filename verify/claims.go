package verify

import (
	"strconv"
	"strings"
	"time"
)

// mostActors bounds the chain of act, so that a token cannot nest without end.
const mostActors = 16

// decodeClaims reads the claims of RFC 9068 section 2.2 and demands those that it
// requires. A claim that is null counts as absent, one that comes twice is
// refused (RFC 7519 section 4).
func decodeClaims(payload []byte) (*Token, error) {
	t := &Token{payload: payload}
	var seen claim
	ok := members(payload, func(name, value []byte) bool {
		this := claimOf(name)
		if this == 0 || string(value) == "null" {
			return true
		}
		twice := seen&this != 0
		seen |= this
		return !twice && t.decodeClaim(this, value)
	})
	switch {
	case !ok:
		return nil, invalid("the claims are malformed")
	case seen&required != required || t.Subject == "" || t.ClientID == "" || t.ID == "":
		return nil, invalid("a claim that RFC 9068 requires is missing")
	}
	return t, nil
}

type claim uint

const (
	claimIss claim = 1 << iota
	claimSub
	claimAud
	claimExp
	claimIat
	claimNbf
	claimJti
	claimClientID
	claimScope
	claimGroups
	claimAct

	required = claimIss | claimSub | claimAud | claimExp | claimIat | claimJti | claimClientID
)

// claimOf is 0 for a claim that decides nothing here.
func claimOf(name []byte) claim {
	switch string(name) {
	case "iss":
		return claimIss
	case "sub":
		return claimSub
	case "aud":
		return claimAud
	case "exp":
		return claimExp
	case "iat":
		return claimIat
	case "nbf":
		return claimNbf
	case "jti":
		return claimJti
	case "client_id":
		return claimClientID
	case "scope":
		return claimScope
	case "groups":
		return claimGroups
	case "act":
		return claimAct
	}
	return 0
}

func (t *Token) decodeClaim(this claim, value []byte) (ok bool) {
	switch this {
	case claimIss:
		t.Issuer, ok = stringValue(value)
	case claimSub:
		t.Subject, ok = stringValue(value)
	case claimClientID:
		t.ClientID, ok = stringValue(value)
	case claimJti:
		t.ID, ok = stringValue(value)
	case claimAud:
		t.Audience, ok = stringsValue(value)
	case claimGroups:
		t.Groups, ok = stringsValue(value)
	case claimExp:
		t.Expires, ok = timeValue(value)
	case claimIat:
		t.IssuedAt, ok = timeValue(value)
	case claimNbf:
		t.NotBefore, ok = timeValue(value)
	case claimAct:
		t.Actor, ok = actorValue(value, mostActors)
	case claimScope:
		if t.Scopes, ok = stringsValue(value); ok && value[0] == '"' {
			t.Scopes = strings.Fields(t.Scopes[0])
		}
	}
	return ok
}

// timeValue reads a NumericDate (RFC 7519 section 2), cut to the second.
func timeValue(value []byte) (time.Time, bool) {
	seconds, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		fraction, err := strconv.ParseFloat(string(value), 64)
		if err != nil {
			return time.Time{}, false
		}
		// A float beyond int64 converts to anything; the bound below needs a true one.
		seconds = int64(min(max(fraction, -1), 1<<62))
	}
	// The year 9999 is the last that JSON can name, and adding a leeway to it cannot overflow.
	if seconds <= 0 || seconds > 253402300799 {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0), true
}

func actorValue(value []byte, left int) (*Actor, bool) {
	if left == 0 {
		return nil, false
	}
	a := new(Actor)
	ok := walk(value, func(name, value []byte) (ok bool) {
		switch string(name) {
		case "sub":
			ok = once(&a.Subject, value)
		case "client_id":
			ok = once(&a.ClientID, value)
		case "act":
			if a.Actor == nil {
				a.Actor, ok = actorValue(value, left-1)
			}
		default:
			ok = true
		}
		return ok
	})
	return a, ok
}
