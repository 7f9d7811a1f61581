package keys_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

// pepperShelf holds the peppers of tenants and counts how often it is asked.
type pepperShelf struct {
	sealed map[string]keys.SealedPepper
	asked  int
}

var errNoPepper = errors.New("no such pepper")

func (s *pepperShelf) Pepper(_ context.Context, tenantID string) (keys.SealedPepper, error) {
	s.asked++
	if sealed, ok := s.sealed[tenantID]; ok {
		return sealed, nil
	}
	return keys.SealedPepper{}, errNoPepper
}

func TestMAC(t *testing.T) {
	sealer := keystest.Sealer()
	shelf := &pepperShelf{sealed: map[string]keys.SealedPepper{}}
	for _, id := range []string{"a", "b"} {
		shelf.sealed[id], _ = keys.NewPepper(sealer, id)
	}
	peppers := keys.NewPeppers(shelf, sealer)
	mac := func(tenantID string, parts ...string) []byte {
		t.Helper()
		sum, err := peppers.MAC(t.Context(), tenantID, parts...)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}

	plain, err := sealer.Open(shelf.sealed["a"].Sealed, keys.PurposePepper, "a", "")
	if err != nil {
		t.Fatal(err)
	}
	reference := hmac.New(sha256.New, plain)
	reference.Write([]byte("\x06client\x06secret"))
	want := reference.Sum(nil)
	for range 2 { // the second time with the pepper in memory
		if !bytes.Equal(mac("a", "client", "secret"), want) {
			t.Error("not HMAC-SHA-256 of the parts, each after its length")
		}
	}
	if bytes.Equal(mac("a", "client", "secret"), mac("b", "client", "secret")) {
		t.Error("two tenants have one pepper")
	}
	if bytes.Equal(mac("a", "client", "secret"), mac("a", "clients", "ecret")) {
		t.Error("parts flow into each other")
	}
	if shelf.asked != 2 {
		t.Errorf("the source was asked %d times for 2 tenants", shelf.asked)
	}

	before := mac("a", "x")
	shelf.sealed["a"], _ = keys.NewPepper(sealer, "a")
	peppers.Apply(feed.Event{TenantID: "a", Kind: feed.Client, Key: "c"})
	if !bytes.Equal(before, mac("a", "x")) {
		t.Error("a client's change dropped the pepper")
	}
	peppers.Apply(feed.Event{TenantID: "a", Kind: feed.Tenant, Key: "a"})
	if bytes.Equal(before, mac("a", "x")) {
		t.Error("the tenant's change did not drop the pepper")
	}
	asked := shelf.asked
	if peppers.Reset(); !bytes.Equal(mac("b", "x"), mac("b", "x")) || shelf.asked != asked+1 {
		t.Error("Reset does not forget")
	}
}

func TestMACFailsClosed(t *testing.T) {
	sealer := keystest.Sealer()
	ofB, _ := keys.NewPepper(sealer, "b")
	foreign, _ := keys.NewPepper(newSealer(t, "z"), "z")
	peppers := keys.NewPeppers(&pepperShelf{sealed: map[string]keys.SealedPepper{"a": ofB, "z": foreign}}, sealer)
	for tenantID, want := range map[string]error{"a": keys.ErrNotGenuine, "z": keys.ErrWrongMasterKey, "none": errNoPepper} {
		if sum, err := peppers.MAC(t.Context(), tenantID, "x"); !errors.Is(err, want) || sum != nil {
			t.Errorf("%s: %x, %v", tenantID, sum, err)
		}
	}
}
