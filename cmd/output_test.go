package cmd

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
)

func TestATableGivesTheTerminalNoOrders(t *testing.T) {
	var out strings.Builder
	table := newTable(&out)
	table.row("a\x1b[31m\nb\tc", "", "é")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "a?[31m?b?c  -  é\n" {
		t.Errorf("printed %q", got)
	}
}

func TestTimeline(t *testing.T) {
	now := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.Add(time.Duration(n) * 24 * time.Hour) }
	at := func(n int) *time.Time { d := day(n); return &d }
	all := []admin.SigningKey{
		{Key: keys.Key{Kid: "gone", PublishedAt: day(-90), ActiveAt: day(-90), RetireAt: at(-60), RemoveAt: at(-30)}},
		{Key: keys.Key{Kid: "revoked", PublishedAt: day(-20), ActiveAt: day(-20), RevokedAt: at(-10)}},
		{Key: keys.Key{Kid: "old", PublishedAt: day(-30), ActiveAt: day(-30), RetireAt: at(-5), RemoveAt: at(5)}},
		{Key: keys.Key{Kid: "new", PublishedAt: day(-10), ActiveAt: day(-5)}},
		{Key: keys.Key{Kid: "waits", PublishedAt: day(0), ActiveAt: keys.Never()}},
		{Key: keys.Key{Kid: "later", PublishedAt: day(10), ActiveAt: day(29)}}, // not published yet
	}
	want := `2026-02-08                                        2026-03-16
██████████████████████████████████████████░░░░░░░░│░░░░░░░    old
                                 ·········████████│█████████  new
                                                  │·········  waits
· published  █ signs  ░ only verifies  │ now
`
	if diff := cmp.Diff(want, timeline(all, now)); diff != "" {
		t.Error(diff)
	}
	if got := timeline(all[:2], now); got != "" {
		t.Errorf("of keys that are gone: %q", got)
	}
}

func TestDurationsAreShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90 * time.Second: "90s", 2 * time.Minute: "2m", 119 * time.Minute: "119m", 47 * time.Hour: "47h", 72 * time.Hour: "3d", -72 * time.Hour: "-3d",
	} {
		if got := rough(d); got != want {
			t.Errorf("rough(%s) = %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{time.Hour: "1h", 90 * time.Minute: "1h30m", 390 * time.Second: "6m30s", 0: "0s", 200 * time.Millisecond: "200ms", 10 * time.Second: "10s", 10 * time.Hour: "10h"} {
		if got := short(d); got != want {
			t.Errorf("short(%s) = %s, want %s", d, got, want)
		}
	}
}
