package assertion

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4/json"
)

// Tolerance is how far the clock of who signs may be ahead.
const Tolerance = 30 * time.Second

// ErrExpired means that the time of an assertion, or of a key, is over.
var ErrExpired = errors.New("it has expired")

// Claims are those of RFC 7519 section 4.1 as they were sent. Texts are empty
// and times zero where there are none.
type Claims struct {
	Issuer, Subject, ID         string
	Audience                    []string
	OneAudience                 bool // it is a string, not a list
	Expiry, NotBefore, IssuedAt time.Time
	members                     map[string]json.RawMessage
}

// UnmarshalJSON reads a JSON object and refuses registered claims of another
// type than the RFC's.
func (c *Claims) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &c.members); err != nil || c.members == nil {
		return errors.New("its claims are not a JSON object")
	}
	for name, into := range map[string]*string{"iss": &c.Issuer, "sub": &c.Subject, "jti": &c.ID} {
		if raw, there := c.members[name]; there && (json.Unmarshal(raw, into) != nil || bytes.Equal(raw, []byte("null"))) {
			return errors.New("its " + name + " is not a string")
		}
	}
	for name, into := range map[string]*time.Time{"exp": &c.Expiry, "nbf": &c.NotBefore, "iat": &c.IssuedAt} {
		if raw, there := c.members[name]; there {
			at, err := numericDate(raw)
			if err != nil {
				return errors.New("its " + name + " is not a time")
			}
			*into = at
		}
	}
	raw, there := c.members["aud"]
	if !there {
		return nil
	}
	var one string
	if json.Unmarshal(raw, &one) == nil && !bytes.Equal(raw, []byte("null")) {
		c.Audience, c.OneAudience = []string{one}, true
		return nil
	}
	if json.Unmarshal(raw, &c.Audience) != nil || c.Audience == nil {
		return errors.New("its aud is neither a string nor a list of strings")
	}
	return nil
}

// latest is where times end that can be written with four digits for the year.
const latest = 253402300799

// numericDate reads seconds since the epoch, also with a fraction (RFC 7519
// section 2).
func numericDate(raw []byte) (time.Time, error) {
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return time.Time{}, err
	}
	if !(seconds > 0 && seconds <= latest) { // also not a number
		return time.Time{}, strconv.ErrRange
	}
	whole := int64(seconds)
	return time.Unix(whole, int64((seconds-float64(whole))*1e9)).UTC(), nil
}

// Texts returns the strings that a claim holds: itself, or those in its list;
// nothing for a claim of another type.
func (c *Claims) Texts(name string) []string {
	raw, there := c.members[name]
	if !there || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	return nil
}

// ValidAt answers nil where the claims' time is now: there is an expiry, it is
// not over and at most longest away, and neither nbf nor iat lies ahead. A
// clock that is ahead by Tolerance is forgiven, one that is behind is not.
func (c *Claims) ValidAt(now time.Time, longest time.Duration) error {
	switch {
	case c.Expiry.IsZero():
		return errors.New("it has no exp")
	case !now.Before(c.Expiry):
		return ErrExpired
	case c.Expiry.After(now.Add(longest + Tolerance)):
		return errors.New("its exp is more than " + longest.String() + " away")
	case c.NotBefore.After(now.Add(Tolerance)):
		return errors.New("its nbf lies ahead")
	case c.IssuedAt.After(now.Add(Tolerance)):
		return errors.New("its iat lies ahead")
	}
	return nil
}
