package verify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRevocationsAreRememberedFromWhenTheyWereLastListed, longer than any token
// lives and not for ever.
func TestRevocationsAreRememberedFromWhenTheyWereLastListed(t *testing.T) {
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	before := revocations{
		"listed": now.Add(-time.Hour),
		"kept":   now.Add(-47 * time.Hour),
		"old":    now.Add(-48 * time.Hour),
	}
	after := revocations{"listed": now, "new": now}
	after.carryOver(before, now)
	want := revocations{"listed": now, "new": now, "kept": before["kept"]}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Error(diff)
	}
}
