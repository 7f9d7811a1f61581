package keys_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
)

// publishedSchedule is what a resource server reads.
type publishedSchedule struct {
	Issuer       string
	NextRotation *time.Time `json:"next_rotation_at"`
	Keys         []struct {
		Kid, Alg    string
		PublishedAt time.Time  `json:"published_at"`
		ActiveAt    *time.Time `json:"active_at"`
		RetireAt    *time.Time `json:"retire_at"`
		RemoveAt    *time.Time `json:"remove_at"`
	}
	Revoked []struct {
		Kid       string
		RevokedAt time.Time `json:"revoked_at"`
	}
}

func TestSchedule(t *testing.T) {
	n := newNode(t)
	n.sign(t, keys.RS256)
	rotate := func(set keys.Set, now time.Time, newKey keys.NewKey) (keys.Set, error) {
		return keys.Rotate(set, keys.Policy{}, keys.RotateOptions{Alg: keys.RS256}, now, timing(), newKey)
	}
	n.change(t, rotate)
	first, second := n.sets[tenant].Keys[0], n.sets[tenant].Keys[1]
	var got publishedSchedule
	read := func() string {
		t.Helper()
		doc, err := n.rings.Schedule(t.Context(), tenant, "https://acme.example")
		if err != nil {
			t.Fatal(err)
		}
		got.Keys, got.Revoked, got.NextRotation = nil, nil, nil
		if err := json.Unmarshal(doc.Body, &got); err != nil {
			t.Fatal(err)
		}
		return doc.ETag
	}
	etag := read()
	if got.Issuer != "https://acme.example" || len(got.Keys) != 2 || len(got.Revoked) != 0 || !got.NextRotation.Equal(second.ActiveAt) {
		t.Errorf("%+v", got)
	}
	if k := got.Keys[0]; k.Kid != first.Kid || k.Alg != keys.RS256 || !k.RetireAt.Equal(second.ActiveAt) || !k.RemoveAt.Equal(*n.sets[tenant].Keys[0].RemoveAt) {
		t.Errorf("%+v", k)
	}
	if other, _ := n.rings.Schedule(t.Context(), tenant, "https://other.example"); other.ETag == etag {
		t.Error("two issuers have one schedule")
	}

	n.wait(timing().Lead)
	if changed := read(); changed == etag || got.NextRotation != nil {
		t.Errorf("after the rotation: %+v", got)
	}
	n.change(t, func(set keys.Set, now time.Time, newKey keys.NewKey) (keys.Set, error) {
		return keys.Revoke(set, second.Kid, now, timing(), newKey)
	})
	read()
	if len(got.Revoked) != 1 || got.Revoked[0].Kid != second.Kid || !got.Revoked[0].RevokedAt.Equal(n.now) || len(got.Keys) != 3 {
		t.Errorf("%+v", got)
	}
	n.wait(timing().Afterlife())
	if read(); len(got.Revoked) != 0 {
		t.Error("revoked keys are listed when none of their tokens can be alive")
	}
}

// A key that waits for an order has no date.
func TestScheduleOfAPausedTenant(t *testing.T) {
	n := newNode(t)
	n.sign(t, keys.RS256)
	n.change(t, func(set keys.Set, now time.Time, newKey keys.NewKey) (keys.Set, error) {
		set, _, err := keys.Tend(set, keys.Policy{Paused: true}, now, timing(), newKey)
		return set, err
	})
	doc, err := n.rings.Schedule(t.Context(), tenant, "https://a")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		NextRotation any `json:"next_rotation_at"`
		Keys         []map[string]any
	}
	if err := json.Unmarshal(doc.Body, &got); err != nil || got.NextRotation != nil || len(got.Keys) != 2 || got.Keys[1]["active_at"] != nil {
		t.Errorf("%s", doc.Body)
	}
}
