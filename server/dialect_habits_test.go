package server_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

// habits returns how often each unsafe habit was counted for the dialect.
func (h *house) habits(dialect string) map[dialects.Habit]int {
	h.t.Helper()
	counted := map[dialects.Habit]int{}
	for line := range strings.Lines(h.metricsText()) {
		rest, ours := strings.CutPrefix(line, `gatehouse_unsafe_habits_total{dialect="`+dialect+`",habit="`)
		if !ours {
			continue
		}
		habit, count, _ := strings.Cut(strings.TrimSpace(rest), `"} `)
		n, err := strconv.Atoi(count)
		if err != nil {
			h.t.Fatal(err)
		}
		counted[dialects.Habit(habit)] = n
	}
	return counted
}

// Each unsafe habit of a request is counted once, and no other.
func TestUnsafeHabitsAreCounted(t *testing.T) {
	h := street(t)
	for _, d := range routes() {
		h.each(t, d, func(t *testing.T) {
			before := h.habits(d.dialect())
			h.knock(d, right("acme"))
			after := h.habits(d.dialect())
			for _, habit := range []dialects.Habit{dialects.SecretInQuery, dialects.GetThatActs, dialects.RenewalByAccessToken} {
				want := 0
				if slices.Contains(d.route.Unsafe, habit) {
					want = 1
				}
				if got := after[habit] - before[habit]; got != want {
					t.Errorf("%s was counted %d times, want %d", habit, got, want)
				}
			}
		})
	}
}
