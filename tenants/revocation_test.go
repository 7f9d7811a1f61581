package tenants_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// shelf is a Source that has revocations only, and counts how often it is asked.
type shelf struct {
	tenants.Source
	list  []tenants.Revocation
	asked int
}

func (s *shelf) Revocations(_ context.Context, tenantID string) (found []tenants.Revocation, err error) {
	s.asked++
	for _, r := range s.list {
		if r.TenantID == tenantID {
			found = append(found, r)
		}
	}
	return found, nil
}

// put stores a revocation as a database does: the later one of a key stays.
func (s *shelf) put(r tenants.Revocation) feed.Event {
	at := slices.IndexFunc(s.list, func(have tenants.Revocation) bool {
		return have.TenantID == r.TenantID && have.Kind == r.Kind && have.Key == r.Key
	})
	switch {
	case at < 0:
		s.list = append(s.list, r)
	case s.list[at].NotBefore.Before(r.NotBefore):
		s.list[at] = r
	}
	return tenants.RevocationEvent(r)
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 700_000_000, time.UTC)

func revocation(tenantID string, kind tenants.RevocationKind, key string, at time.Time) tenants.Revocation {
	return tenants.Revocation{TenantID: tenantID, Kind: kind, Key: key, NotBefore: at, ExpiresAt: at.Add(24 * time.Hour)}
}

func revoked(t interface {
	Fatal(...any)
	Context() context.Context
}, d *tenants.Directory, tenantID string, token tenants.IssuedToken,
) bool {
	dead, err := d.Revoked(t.Context(), tenantID, token)
	if err != nil {
		t.Fatal(err)
	}
	return dead
}

func TestRevocationsEndWhatTheyName(t *testing.T) {
	token := tenants.IssuedToken{ID: "j", ClientID: "c", Subjects: []string{"actor", "u:1"}, At: noon.Unix()}
	for name, test := range map[string]struct {
		r    tenants.Revocation
		dead bool
	}{
		"the token":            {revocation("t", tenants.RevokedToken, "j", noon.Add(-time.Hour)), true},
		"another token":        {revocation("t", tenants.RevokedToken, "c", noon), false},
		"its client":           {revocation("t", tenants.RevokedClient, "c", noon), true},
		"another client":       {revocation("t", tenants.RevokedClient, "j", noon), false},
		"its client, earlier":  {revocation("t", tenants.RevokedClient, "c", noon.Add(-time.Second)), false},
		"its user":             {revocation("t", tenants.RevokedUser, "u:1", noon), true},
		"its actor":            {revocation("t", tenants.RevokedUser, "actor", noon), true},
		"another user":         {revocation("t", tenants.RevokedUser, "c", noon), false},
		"the tenant":           {revocation("t", tenants.RevokedAll, "", noon), true},
		"another tenant":       {revocation("other", tenants.RevokedAll, "", noon), false},
		"same id, other house": {revocation("other", tenants.RevokedToken, "j", noon), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{}
			event := s.put(test.r)
			read := tenants.NewDirectory(s, 10)
			if got := revoked(t, read, "t", token); got != test.dead {
				t.Errorf("read from the database: dead is %v", got)
			}
			told := tenants.NewDirectory(&shelf{}, 10)
			if revoked(t, told, "t", token) {
				t.Fatal("dead from the start")
			}
			told.Apply(event)
			if got := revoked(t, told, "t", token); got != test.dead {
				t.Errorf("told by the feed: dead is %v", got)
			}
		})
	}
}

func TestEventsCostNoQuery(t *testing.T) {
	s := &shelf{}
	d := tenants.NewDirectory(s, 10)
	for range 3 {
		revoked(t, d, "t", tenants.IssuedToken{ID: "j"})
		d.Apply(s.put(revocation("t", tenants.RevokedToken, "x", noon)))
	}
	if s.asked != 1 {
		t.Errorf("the database was asked %d times", s.asked)
	}
	// An event that is not understood, as of a newer program, has it read again.
	for i, key := range []string{"something new", "new:1", "token:x:soon"} {
		id := fmt.Sprint("j", i)
		s.put(revocation("t", tenants.RevokedToken, id, noon))
		d.Apply(feed.Event{TenantID: "t", Kind: feed.Revocation, Key: key})
		if !revoked(t, d, "t", tenants.IssuedToken{ID: id}) || s.asked != 2+i {
			t.Errorf("after %q asked %d times", key, s.asked)
		}
	}
	// One event may tell of several.
	d.Apply(tenants.RevocationEvent(revocation("t", tenants.RevokedToken, "k", noon), revocation("t", tenants.RevokedToken, "l", noon)))
	if !revoked(t, d, "t", tenants.IssuedToken{ID: "k"}) || !revoked(t, d, "t", tenants.IssuedToken{ID: "l"}) || s.asked != 4 {
		t.Error("an event of two revocations")
	}
}

func TestNotBeforeIsTheLatestOfAllThatHold(t *testing.T) {
	s := &shelf{}
	d := tenants.NewDirectory(s, 10)
	last := func() int64 {
		t.Helper()
		at, err := d.NotBefore(t.Context(), "t", "c", "a", "u")
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if last() != 0 {
		t.Error("something was revoked")
	}
	for i, r := range []tenants.Revocation{
		revocation("t", tenants.RevokedAll, "", noon), revocation("t", tenants.RevokedClient, "c", noon.Add(time.Second)),
		revocation("t", tenants.RevokedUser, "u", noon.Add(2*time.Second)), revocation("t", tenants.RevokedUser, "a", noon.Add(3*time.Second)),
	} {
		if d.Apply(s.put(r)); last() != noon.Unix()+int64(i) {
			t.Errorf("after %+v: %d", r, last())
		}
	}
	d.Apply(s.put(revocation("t", tenants.RevokedUser, "a", noon)))
	if last() != noon.Unix()+3 {
		t.Error("an earlier revocation took a later one back")
	}
}

func TestWhatEndsNothingAnyMoreIsForgotten(t *testing.T) {
	d := tenants.NewDirectory(&shelf{}, 10)
	ofToken := revocation("t", tenants.RevokedToken, "j", noon)
	ofToken.ExpiresAt = noon.Add(time.Minute)
	ofClient := revocation("t", tenants.RevokedClient, "c", noon)
	ofGrant := revocation("t", tenants.RevokedGrant, "g", noon)
	ofGrant.ExpiresAt = noon.Add(25 * time.Hour)
	one, every := tenants.IssuedToken{ID: "j"}, tenants.IssuedToken{ID: "k", ClientID: "c", At: noon.Unix()}
	revoked(t, d, "t", one)
	d.Apply(tenants.RevocationEvent(ofToken))
	d.Apply(tenants.RevocationEvent(ofClient, ofGrant))
	d.ForgetRevocations(noon.Add(time.Minute-time.Second), 24*time.Hour)
	if !revoked(t, d, "t", one) {
		t.Error("forgotten too early")
	}
	d.ForgetRevocations(noon.Add(time.Minute+time.Second), 24*time.Hour)
	if revoked(t, d, "t", one) || !revoked(t, d, "t", every) {
		t.Error("the token's must be forgotten, the client's not yet")
	}
	d.ForgetRevocations(noon.Add(24*time.Hour+time.Second), 24*time.Hour)
	if revoked(t, d, "t", every) {
		t.Error("the client's is not forgotten")
	}
	if !revoked(t, d, "t", tenants.IssuedToken{GrantID: "g"}) {
		t.Error("the grant's is forgotten, and a token may be alive that came of it last")
	}
}

// Whatever the order in which a node reads and hears, it knows all.
func TestNodeKnowsEveryRevocationHoweverItHeard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &shelf{}
		d := tenants.NewDirectory(s, 10)
		kinds := []tenants.RevocationKind{tenants.RevokedToken, tenants.RevokedClient, tenants.RevokedUser}
		var given []tenants.Revocation
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				d.Reset()
			case 1:
				revoked(t, d, "t", tenants.IssuedToken{ID: "x"})
			default:
				r := revocation("t", rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.SampledFrom([]string{"a", "b:c", ":"}).Draw(t, "key"),
					noon.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "at"))*time.Second))
				given = append(given, r)
				d.Apply(s.put(r))
			}
			for _, r := range given {
				token := tenants.IssuedToken{At: r.NotBefore.Unix()}
				switch r.Kind {
				case tenants.RevokedToken:
					token.ID = r.Key
				case tenants.RevokedClient:
					token.ClientID = r.Key
				default:
					token.Subjects = []string{r.Key}
				}
				if !revoked(t, d, "t", token) {
					t.Fatalf("%+v is not known", r)
				}
			}
		}
	})
}

func TestTokenFormatIsTheClientsElseTheAPIs(t *testing.T) {
	opaque, jwt := tenants.FormatOpaque, tenants.FormatJWT
	for _, c := range []struct {
		client            string
		api               *tenants.API
		format, decidedBy string
	}{
		{"", nil, jwt, "platform"},
		{"", &tenants.API{}, jwt, "platform"},
		{opaque, nil, opaque, "client"},
		{"", &tenants.API{TokenFormat: opaque}, opaque, "api"},
		{"", &tenants.API{TokenFormat: jwt}, jwt, "api"},
		{jwt, &tenants.API{TokenFormat: opaque}, jwt, "client"},
		{opaque, &tenants.API{TokenFormat: jwt}, opaque, "client"},
		{opaque, tenants.AdminAPI("t"), jwt, "platform"},
	} {
		format, decidedBy := tenants.TokenFormat(&tenants.Client{TokenFormat: c.client}, c.api)
		if format != c.format || decidedBy != c.decidedBy {
			t.Errorf("client %q, API %+v: %s by the %s, want %s by the %s", c.client, c.api, format, decidedBy, c.format, c.decidedBy)
		}
	}
}
