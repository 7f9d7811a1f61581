package verify

import (
	"encoding/json"
	"os"
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

// TestTheDocumentedScheduleIsUnderstood keeps docs/key-schedule.schema.json true.
func TestTheDocumentedScheduleIsUnderstood(t *testing.T) {
	raw, err := os.ReadFile("../docs/key-schedule.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(raw, &schema); err != nil || len(schema.Examples) == 0 {
		t.Fatalf("%d examples, %v", len(schema.Examples), err)
	}
	now := time.Now()
	for _, example := range schema.Examples {
		revoked, err := parseSchedule("https://auth.example.com/t/acme", example, now)
		if diff := cmp.Diff(revocations{"aB9tL0": now}, revoked); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
}
